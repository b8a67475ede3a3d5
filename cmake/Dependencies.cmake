# Everything comes from Debian 12 packages (tools/packages lists them).
# Boost says CONFIG because Debian also has 1.74, which CMake's own module might find.
find_package(Boost 1.81 CONFIG REQUIRED COMPONENTS json url)
find_package(OpenSSL 3.0 REQUIRED)
find_package(SQLite3 3.40 REQUIRED)
find_package(ZLIB REQUIRED)
find_package(spdlog REQUIRED)
find_package(fmt REQUIRED)
find_package(CLI11 REQUIRED)
find_package(tomlplusplus REQUIRED CONFIG)
find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(ldns REQUIRED IMPORTED_TARGET ldns)
pkg_check_modules(cares REQUIRED IMPORTED_TARGET libcares)
pkg_check_modules(tcmalloc REQUIRED IMPORTED_TARGET libtcmalloc_minimal)
find_path(XXHASH_INCLUDE_DIR xxhash.h REQUIRED)
# ZooKeeper's C client with threads of its own; Debian's has neither a CMake nor a pkg-config file.
find_path(ZOOKEEPER_INCLUDE_DIR zookeeper/zookeeper.h REQUIRED)
find_library(ZOOKEEPER_LIBRARY zookeeper_mt REQUIRED)

# Asio and Beast are compiled once, in registry/net/{asio,beast}_src.cc. Every target links this, so
# that no translation unit sees the header-only form (an ODR violation otherwise). Coroutines are not used, and clang 14
# with ASan and UBSan cannot compile Asio's.
add_library(muster_asio INTERFACE)
target_compile_definitions(muster_asio INTERFACE
  BOOST_ASIO_SEPARATE_COMPILATION BOOST_BEAST_SEPARATE_COMPILATION BOOST_ASIO_NO_DEPRECATED
  BOOST_ASIO_DISABLE_CO_AWAIT)
target_link_libraries(muster_asio INTERFACE Boost::headers OpenSSL::SSL OpenSSL::Crypto Threads::Threads)

# toml++ as a shared library: 3.9 s a translation unit instead of 8.0 s header-only.
add_library(muster_toml INTERFACE)
pkg_check_modules(tomlplusplus_shared IMPORTED_TARGET tomlplusplus)
if(TARGET PkgConfig::tomlplusplus_shared)
  target_link_libraries(muster_toml INTERFACE PkgConfig::tomlplusplus_shared)
else()
  target_link_libraries(muster_toml INTERFACE tomlplusplus::tomlplusplus)
endif()

# The allocator of musterd: a start's three threads free each other's memory, and glibc's arenas make them wait for it.
# A sanitizer brings its own.
add_library(muster_malloc INTERFACE)
if(NOT MUSTER_SANITIZE)
  target_link_libraries(muster_malloc INTERFACE PkgConfig::tcmalloc)
  target_compile_definitions(muster_malloc INTERFACE MUSTER_TCMALLOC)
endif()
