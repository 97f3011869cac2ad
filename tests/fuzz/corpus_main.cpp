#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

// The entry point of the fuzzer that this program is linked with.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

// Runs the fuzzer on a copy without a byte to spare, for the sanitizers.
void run(const std::string& input) {
  const std::vector<std::uint8_t> bytes(input.begin(), input.end());
  LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
}

// Besides a file itself, all its beginnings, and all files with one byte changed.
void run_variants(const std::string& input) {
  for (std::size_t size = 0; size <= input.size(); ++size) run(input.substr(0, size));
  for (std::size_t at = 0; at < input.size(); ++at) {
    for (const char byte : {'"', '\\', '{', ']', ',', '\n', '0', '\xff'}) {
      std::string changed = input;
      changed[at] = byte;
      run(changed);
    }
  }
}

}  // namespace

// Runs every file of the folder named by the only argument.
int main(int argc, char** argv) {
  std::size_t files = 0;
  if (argc == 2) {
    for (const auto& entry : std::filesystem::directory_iterator(argv[1])) {
      std::ifstream file(entry.path(), std::ios::binary);
      run_variants({std::istreambuf_iterator<char>(file), {}});
      ++files;
    }
  }
  std::printf("%zu files\n", files);
  return files > 0 ? 0 : 1;
}
