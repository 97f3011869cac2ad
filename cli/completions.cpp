#include "cli/completions.hpp"

#include <string_view>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace logboom::cli {
namespace {

constexpr std::string_view kFile = "FILE";
constexpr std::string_view kDirectory = "DIR";

std::string replaced(std::string_view text, char character, std::string_view by) {
  std::string result;
  for (const char each : text) {
    if (each == character) {
      result += by;
    } else {
      result += each;
    }
  }
  return result;
}

// Between single quotes, in any of the shells.
std::string quoted(std::string_view text, std::string_view apostrophe) {
  return fmt::format("'{}'", replaced(text, '\'', apostrophe));
}

std::vector<std::string> command_names(const CommandReference& program) {
  std::vector<std::string> names;
  for (const CommandReference& command : program.commands) names.push_back(command.name);
  return names;
}

std::vector<std::string> option_names(const CommandReference& command) {
  std::vector<std::string> names;
  for (const OptionReference& option : command.options) {
    names.insert(names.end(), option.names.begin(), option.names.end());
  }
  return names;
}

// What bash offers as the value of an option or argument.
std::string bash_values(const OptionReference& option) {
  if (option.value == kFile) return "_logboom_paths -f";
  if (option.value == kDirectory) return "_logboom_paths -d";
  return fmt::format("_logboom_words '{}'", fmt::join(option.choices, " "));
}

std::string bash_command(const CommandReference& command) {
  std::string result;
  std::string argument;
  for (const OptionReference& option : command.options) {
    if (option.positional()) {
      argument = bash_values(option);
    } else if (!option.flag()) {
      result +=
          fmt::format("    {},{}) {} ;;\n", command.name, option.names.back(), bash_values(option));
    }
  }
  result += fmt::format("    {},*) _logboom_words '{}'", command.name,
                        fmt::join(option_names(command), " "));
  if (!argument.empty()) result += fmt::format("; [[ $word == -* ]] || {}", argument);
  return result + " ;;\n";
}

// In zsh's specifications brackets end a description and colons a field.
std::string zsh_escaped(std::string_view text) {
  std::string result;
  for (const char character : text) {
    if (std::string_view("\\[]:").find(character) != std::string_view::npos) result += '\\';
    result += character;
  }
  return result;
}

std::string zsh_value(const OptionReference& option) {
  const std::string name = zsh_escaped(option.value);
  if (!option.choices.empty()) {
    return fmt::format(":{}:({})", name, fmt::join(option.choices, " "));
  }
  if (option.value == kFile) return fmt::format(":{}:_files", name);
  if (option.value == kDirectory) return fmt::format(":{}:_files -/", name);
  return fmt::format(":{}: ", name);
}

std::string zsh_option(const OptionReference& option) {
  const std::string description = zsh_escaped(option.description);
  if (option.positional()) return quoted("1" + zsh_value(option), "'\\''");
  std::string result;
  for (const std::string& name : option.names) {
    std::string specification = option.repeatable ? "*" : "";
    specification += name;
    if (!option.flag()) specification += name.starts_with("--") ? "=" : "+";
    specification += fmt::format("[{}]", description);
    if (!option.flag()) specification += zsh_value(option);
    result += (result.empty() ? "" : " ") + quoted(specification, "'\\''");
  }
  return result;
}

std::string zsh_options(const CommandReference& command) {
  std::string result;
  for (const OptionReference& option : command.options) {
    result += fmt::format(" \\\n      {}", zsh_option(option));
  }
  return result;
}

std::string fish_values(const OptionReference& option) {
  if (!option.choices.empty()) {
    return fmt::format(" -x -a '{}'", fmt::join(option.choices, " "));
  }
  if (option.value == kFile) return " -r -F";
  if (option.value == kDirectory) return " -x -a '(__fish_complete_directories)'";
  return option.flag() ? "" : " -x";
}

std::string fish_option(std::string_view condition, const OptionReference& option) {
  std::string result = fmt::format("complete -c logboom -n '{}'", condition);
  for (const std::string& name : option.names) {
    result += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
  }
  return fmt::format("{}{} -d {}\n", result, fish_values(option),
                     quoted(replaced(option.description, '\\', "\\\\"), "\\'"));
}

}  // namespace

std::string bash_completion(const CommandReference& program) {
  std::string script =
      "# Completion of logboom for bash.\n"
      "_logboom_words() { COMPREPLY=($(compgen -W \"$1\" -- \"$word\")); }\n"
      "_logboom_paths() {\n"
      "  compopt -o filenames 2>/dev/null\n"
      "  mapfile -t COMPREPLY < <(compgen \"$1\" -- \"$word\")\n"
      "}\n"
      "_logboom() {\n"
      "  local word=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]} command=\n"
      "  [[ $previous != = ]] || previous=${COMP_WORDS[COMP_CWORD-2]}\n"
      "  ((COMP_CWORD == 1)) || command=${COMP_WORDS[1]}\n"
      "  COMPREPLY=()\n"
      "  case $command,$previous in\n";
  for (const CommandReference& command : program.commands) script += bash_command(command);
  return script + fmt::format(
                      "    ,*) _logboom_words '{} {}' ;;\n"
                      "  esac\n"
                      "}}\n"
                      "complete -F _logboom logboom\n",
                      fmt::join(command_names(program), " "),
                      fmt::join(option_names(program), " "));
}

std::string zsh_completion(const CommandReference& program) {
  std::string commands;
  std::string cases;
  for (const CommandReference& command : program.commands) {
    const std::string description = replaced(command.description, ':', "\\:");
    commands += fmt::format("    {}\n", quoted(command.name + ":" + description, "'\\''"));
    cases += fmt::format("    {}) _arguments{} ;;\n", command.name, zsh_options(command));
  }
  return fmt::format(
      "#compdef logboom\n"
      "# Completion of logboom for zsh.\n"
      "_logboom() {{\n"
      "  local curcontext=$curcontext state line\n"
      "  local -a commands=(\n{}  )\n"
      "  _arguments -C '1: :->command' '*:: :->arguments'{}\n"
      "  case $state in\n"
      "    command) _describe command commands ;;\n"
      "    arguments) _logboom_arguments ;;\n"
      "  esac\n"
      "}}\n"
      "_logboom_arguments() {{\n"
      "  case $words[1] in\n{}  esac\n"
      "}}\n"
      "_logboom \"$@\"\n",
      commands, zsh_options(program), cases);
}

std::string fish_completion(const CommandReference& program) {
  std::string script =
      "# Completion of logboom for fish.\n"
      "complete -c logboom -f\n";
  for (const OptionReference& option : program.options) {
    script += fish_option("__fish_use_subcommand", option);
  }
  for (const CommandReference& command : program.commands) {
    script += fmt::format("complete -c logboom -n __fish_use_subcommand -a {} -d {}\n",
                          command.name, quoted(command.description, "\\'"));
    const std::string condition = "__fish_seen_subcommand_from " + command.name;
    for (const OptionReference& option : command.options) {
      if (!option.positional()) {
        script += fish_option(condition, option);
      } else if (!fish_values(option).empty()) {
        script += fmt::format("complete -c logboom -n '{}'{}\n", condition, fish_values(option));
      }
    }
  }
  return script;
}

}  // namespace logboom::cli
