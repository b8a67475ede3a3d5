# Our own code compiles without a warning; libraries are system headers and are left alone. -Wrestrict is off:
# g++ 12 sees overlaps in plain "text" + std::string that cannot be (GCC bug 105651); so does -Wmaybe-uninitialized,
# which takes a moved-from std::function in an aggregate for unset memory.
add_library(muster_flags INTERFACE)
target_compile_options(muster_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Wold-style-cast -Wimplicit-fallthrough
  -Werror $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict$<SEMICOLON>-Wno-maybe-uninitialized> -fno-omit-frame-pointer)
target_include_directories(muster_flags INTERFACE ${CMAKE_SOURCE_DIR})
target_compile_definitions(muster_flags INTERFACE MUSTER_VERSION="${PROJECT_VERSION}")

if(MUSTER_SANITIZE)
  target_compile_options(muster_flags INTERFACE -fsanitize=${MUSTER_SANITIZE} -fno-sanitize-recover=all)
  target_link_options(muster_flags INTERFACE -fsanitize=${MUSTER_SANITIZE})
endif()
# Several sources compiled as one (CMakePresets.json): then no class of a .cc file stands in the file that is compiled.
if(CMAKE_UNITY_BUILD)
  target_compile_options(muster_flags INTERFACE $<$<CXX_COMPILER_ID:GNU>:-Wno-subobject-linkage>)
endif()
# Asio has a fence that g++'s TSan does not know; our own code has none.
if(MUSTER_SANITIZE STREQUAL "thread")
  target_compile_options(muster_flags INTERFACE -Wno-tsan)
endif()
