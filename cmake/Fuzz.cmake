# MUSTER_FUZZ: libFuzzer drivers (tools/fuzz) under clang 14. The libraries are instrumented, the drivers link the
# fuzzer. clang 14 with ASan and UBSan together cannot compile coroutines, so sources that reach Asio or Beast stay
# out; what is fuzzed needs none of them. UBSan's check of virtual calls stays off: it refers to the type of an object
# whose class may be one of those left out.
if(MUSTER_FUZZ)
  target_compile_options(muster_flags INTERFACE -fsanitize=fuzzer-no-link,address,undefined
    -fno-sanitize=vptr -fno-sanitize-recover=all -Wno-error)
  target_link_options(muster_flags INTERFACE -fsanitize=address,undefined)
endif()

# Drops, in a fuzz build, the sources that include Asio or Beast themselves or through our headers.
function(muster_leave_out_asio sources)
  if(NOT MUSTER_FUZZ)
    return()
  endif()
  set(pattern "#include [<\"]boost/(asio|beast)")
  file(GLOB_RECURSE headers RELATIVE ${CMAKE_SOURCE_DIR} ${CMAKE_SOURCE_DIR}/registry/*.h ${CMAKE_SOURCE_DIR}/dns/*.h)
  set(found TRUE)
  while(found)  # one more round, as long as a header that reaches them was found: another may include it
    set(found FALSE)
    foreach(header IN LISTS headers)
      file(STRINGS ${CMAKE_SOURCE_DIR}/${header} hits REGEX "${pattern}")
      if(hits)
        string(APPEND pattern "|#include \"${header}")
        list(REMOVE_ITEM headers ${header})
        set(found TRUE)
      endif()
    endforeach()
  endwhile()
  set(kept "")
  foreach(source IN LISTS ${sources})
    file(STRINGS ${source} hits REGEX "${pattern}")
    if(NOT hits)
      list(APPEND kept ${source})
    endif()
  endforeach()
  set(${sources} ${kept} PARENT_SCOPE)
endfunction()
