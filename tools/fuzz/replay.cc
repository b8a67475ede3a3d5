// Gives a fuzz driver every file below a folder, once: what was found stays found. It fails when there is
// none, because then the test would say nothing.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

int main(int argc, char** argv) {
  if (argc != 2) return std::fprintf(stderr, "usage: %s FOLDER\n", argv[0]), 2;
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(argv[1])) {
    std::fprintf(stderr, "%s\n", entry.path().c_str());  // the last one is the one that failed
    std::ifstream stream(entry.path(), std::ios::binary);
    // An exact-size buffer, so that AddressSanitizer sees an octet read too far.
    const std::vector<char> octets{std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
    const std::vector<std::uint8_t> input(octets.begin(), octets.end());
    LLVMFuzzerTestOneInput(input.data(), input.size());
    ++files;
  }
  return files > 0 ? 0 : 1;
}
