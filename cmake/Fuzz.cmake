# MUSTER_FUZZ: libFuzzer drivers (tools/fuzz) beside the unit tests of a clang build with sanitizers. Both link the same
# libraries: what they compile for coverage does nothing in a test. UBSan's check of virtual calls is off.
if(MUSTER_FUZZ)
  target_compile_options(muster_flags INTERFACE -fsanitize=fuzzer-no-link -fno-sanitize=vptr -Wno-error)
endif()
