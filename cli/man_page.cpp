#include "cli/man_page.hpp"

#include <algorithm>
#include <cctype>
#include <sstream>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace logboom::cli {
namespace {

// Text as troff prints it unchanged: a dash stays the one of the keyboard, and no line is a
// request.
std::string literal(std::string_view text) {
  std::string result;
  for (const char character : text) {
    switch (character) {
      case '\\': result += "\\e"; break;
      case '-': result += "\\-"; break;
      case '\'': result += "\\(aq"; break;
      case '`': result += "\\(ga"; break;
      case '^': result += "\\(ha"; break;
      case '~': result += "\\(ti"; break;
      default: result += character;
    }
  }
  return result.starts_with('.') ? "\\&" + result : result;
}

std::string upper(std::string text) {
  for (char& character : text) {
    character = static_cast<char>(std::toupper(static_cast<unsigned char>(character)));
  }
  return text;
}

// A footer flows but for its indented lines, which are examples and keep their breaks.
std::string flow(std::string_view footer) {
  std::string result = ".PP\n";
  bool example = false;
  std::istringstream lines{std::string(footer)};
  for (std::string line; std::getline(lines, line);) {
    const bool indented = line.starts_with(' ');
    if (indented != example) result += indented ? ".PP\n.RS 4\n.nf\n" : ".fi\n.RE\n.PP\n";
    example = indented;
    result += literal(line.substr(std::min(line.find_first_not_of(' '), line.size()))) + "\n";
  }
  return example ? result + ".fi\n.RE\n" : result;
}

std::string value_of(const OptionReference& option) {
  if (option.choices.empty()) return fmt::format("\\fI{}\\fR", literal(option.value));
  return literal(fmt::format("{}", fmt::join(option.choices, "|")));
}

std::string heading_of(const OptionReference& option) {
  if (option.positional()) return value_of(option);
  std::string names;
  for (const std::string& name : option.names) {
    names += fmt::format("{}\\fB{}\\fR", names.empty() ? "" : ", ", literal(name));
  }
  return option.flag() ? names : fmt::format("{} {}", names, value_of(option));
}

std::string describe_options(const CommandReference& command) {
  std::string result;
  for (const OptionReference& option : command.options) {
    result += fmt::format(".TP\n{}\n{}", heading_of(option), literal(option.description));
    if (!option.default_value.empty()) {
      result += fmt::format("; by default {}", literal(option.default_value));
    }
    result += ".\n";
  }
  return result;
}

std::string synopsis_of(const CommandReference& command) {
  std::string result = fmt::format(".B logboom {}\n", literal(command.name));
  bool options = false;
  for (const OptionReference& option : command.options) options |= !option.positional();
  if (options) result += ".RI [ options ]\n";
  for (const OptionReference& option : command.options) {
    if (option.positional()) result += value_of(option) + "\n";
  }
  return result + ".br\n";
}

}  // namespace

std::string man_page(const CommandReference& program, std::string_view version) {
  std::string page =
      fmt::format(".TH {} 1 \"\" \"{}\" \"User Commands\"\n", upper(program.name), version);
  page += ".SH NAME\nlogboom \\- take logs over HTTP and have them on disk before saying so\n";
  page += ".SH SYNOPSIS\n";
  for (const CommandReference& command : program.commands) page += synopsis_of(command);
  page += ".B logboom\n.BR \\-\\-help | \\-\\-version\n";
  page += fmt::format(".SH DESCRIPTION\n{}\n", literal(program.description));
  page += ".SH OPTIONS\n" + describe_options(program);
  page += ".SH COMMANDS\n";
  for (const CommandReference& command : program.commands) {
    page +=
        fmt::format(".SS logboom {}\n{}.\n", literal(command.name), literal(command.description));
    page += describe_options(command) + flow(command.footer);
  }
  page += ".SH NOTES\n" + flow(program.footer);
  page +=
      ".SH FILES\n"
      ".TP\n.I /etc/logboom/logboom.yaml\nThe configuration of the packaged service.\n"
      ".TP\n.I /var/lib/logboom\nThe data directory of the packaged service.\n";
  return page;
}

}  // namespace logboom::cli
