#include "config/reference.hpp"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>

#include "config/keys.hpp"

namespace logboom::config {
namespace {

constexpr std::string_view kIntroduction =
    R"(# Configuration

One YAML file, given with `--config FILE`; every key is optional. This page is made by `logboom
config --reference` from the table in `config/keys.cpp`, as are
[logboom.example.yaml](../config/logboom.example.yaml) (`--example`) and
[logboom.schema.json](../config/logboom.schema.json) (`--schema`).

* `logboom check FILE` names every mistake as `FILE:LINE:COLUMN: KEY: what is wrong`, and exits
  with 78 if there is one.
* `logboom config --config FILE` prints what is in force, defaults included.
* On the command line a key is its path: `--set store.durability=write`; it wins over the file.
* Durations and sizes have a unit: `500us`, `2s`, `7d`; `64KiB`, `1GiB`. A bare number is a
  mistake, except 0.
* `${NAME}`, `${NAME:-default}` and `${file:PATH}` are replaced; a name that is not set and has
  no default is a mistake. `$$` is a dollar.
* Editors that know the YAML language server complete and check the file if its first line is that
  of the example, with the path of the schema in it.

**reload** in the third column: SIGHUP puts a changed value into force without dropping a
connection; a request that has begun keeps the values that it began with. **restart**: the log
says after a SIGHUP that the change waits for one. A file with a mistake changes nothing.
)";

// Text for a cell of a table.
std::string cell(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '|') out += '\\';
    out += c == '\n' ? ' ' : c;
  }
  return out;
}

std::string_view change_of(const Key& key) {
  switch (key.change) {
    case Change::restart: return "restart";
    case Change::reload: return "reload";
    case Change::inert: return "without effect in this version";
  }
  return "";
}

std::string row(const Key& key) {
  return fmt::format("| `{}` | `{}` | {} | {}{}{} |\n", key.path, cell(key.fallback),
                     change_of(key), cell(key.comment), key.codec.range.empty() ? "" : " ",
                     key.codec.range.empty() ? "" : fmt::format("[{}]", cell(key.codec.range)));
}

}  // namespace

std::string reference_page() {
  std::string page{kIntroduction};
  std::string_view section;
  for (const Key& key : keys()) {
    const std::string_view top = key.path.substr(0, key.path.find('.'));
    if (top != section) {
      page += fmt::format(
          "\n## {}\n\n| key | default | change | effect [range] |\n"
          "| --- | --- | --- | --- |\n",
          top);
      section = top;
    }
    page += row(key);
  }
  return page;
}

}  // namespace logboom::config
