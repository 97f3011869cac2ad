// logboom_pages DIRECTORY: writes the man page and the shells' completions there. The build runs
// it, so they say what the command line that is built says.
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "cli/command_line.hpp"
#include "cli/command_reference.hpp"
#include "cli/completions.hpp"
#include "cli/exit_code.hpp"
#include "cli/man_page.hpp"

namespace {

using namespace logboom::cli;

void write_page(const std::filesystem::path& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << text;
  file.close();
  if (!file) throw std::runtime_error(fmt::format("cannot write {}", path.string()));
}

void write_pages(const std::filesystem::path& directory) {
  Command chosen;
  const CommandReference program = describe(*make_command_line(chosen));
  write_page(directory / "logboom.1", man_page(program, "logboom " LOGBOOM_VERSION));
  write_page(directory / "logboom.bash", bash_completion(program));
  write_page(directory / "_logboom", zsh_completion(program));
  write_page(directory / "logboom.fish", fish_completion(program));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("usage: logboom_pages DIRECTORY\n", stderr);
    return kExitUsage;
  }
  try {
    write_pages(argv[1]);
    return kExitOk;
  } catch (const std::exception& error) {
    fmt::print(stderr, "logboom_pages: {}\n", error.what());
    return kExitIo;
  }
}
