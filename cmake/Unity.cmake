# With CMAKE_UNITY_BUILD the sources of a library are compiled in `count` groups, some eight sources in each, which saves
# three quarters of the time: most of it is headers. A source's group comes from its name alone, so that a new one does not
# move others into groups where a name of theirs is taken.
function(muster_unity_groups target count)
  if(NOT CMAKE_UNITY_BUILD)
    return()
  endif()
  set_target_properties(${target} PROPERTIES UNITY_BUILD_MODE GROUP)
  get_target_property(sources ${target} SOURCES)
  foreach(source IN LISTS sources)
    get_filename_component(name ${source} NAME)
    string(MD5 digest ${name})
    string(SUBSTRING ${digest} 0 6 digits)
    math(EXPR group "0x${digits} % ${count}")
    set_source_files_properties(${source} PROPERTIES UNITY_GROUP ${group})
  endforeach()
endfunction()
