# header_check: compiles headers alone, each in a source of its own that includes nothing else. Not part of a plain
# build; tools/test builds it. A header that its own .cc includes first was compiled alone already.
file(GLOB_RECURSE headers RELATIVE ${CMAKE_SOURCE_DIR} CONFIGURE_DEPENDS
  ${CMAKE_SOURCE_DIR}/registry/*.h ${CMAKE_SOURCE_DIR}/zones/*.h ${CMAKE_SOURCE_DIR}/dns/*.h
  ${CMAKE_SOURCE_DIR}/tools/*.h)
set(sources "")
foreach(header IN LISTS headers)
  string(REGEX REPLACE "h$" "cc" own ${CMAKE_SOURCE_DIR}/${header})
  if(EXISTS ${own})
    file(STRINGS ${own} includes REGEX "^#include" LIMIT_COUNT 1)
    if(includes STREQUAL "#include \"${header}\"")
      continue()
    endif()
  endif()
  string(MAKE_C_IDENTIFIER ${header} name)
  set(source ${CMAKE_BINARY_DIR}/header_check/${name}.cc)
  file(CONFIGURE OUTPUT ${source} CONTENT "#include \"${header}\"\n")
  list(APPEND sources ${source})
endforeach()
add_library(header_check OBJECT EXCLUDE_FROM_ALL ${sources})
set_target_properties(header_check PROPERTIES UNITY_BUILD OFF)
target_include_directories(header_check SYSTEM PRIVATE ${XXHASH_INCLUDE_DIR})
target_link_libraries(header_check PRIVATE muster_dns muster_toml PkgConfig::ldns SQLite::SQLite3 spdlog::spdlog
  CLI11::CLI11)
