#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "record/json_scanner.hpp"
#include "record/utf8.hpp"
#include "tests/handlers/collecting_sink.hpp"

namespace {

using logboom::handlers::handle;
using logboom::handlers::Handled;
using logboom::handlers::RecordLimits;

void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "violated: %s\n", what);
  std::abort();
}

void require_storable(const std::string& line) {
  require(line.find_first_of("\n\r") == std::string::npos, "a stored line has no line break");
  require(logboom::record::is_valid_utf8(line), "a stored line is UTF-8");
  require(logboom::record::check_json(line, 1024).valid(), "a stored line is JSON");
}

void require_comes_back(const std::string& line, const RecordLimits& limits) {
  const Handled again = handle(line, {.limits = limits});
  require(again.lines.size() == 1, "a stored line is one record");
  const std::size_t source = line.rfind(",\"_src\"");
  require(again.lines[0].compare(0, source, line, 0, source) == 0,
          "a stored line comes back equal");
}

}  // namespace

// Whatever the body: the counts add up, what is stored is a valid line that comes back equal, and
// how the body is cut does not matter. The first byte chooses the query and the limits, another the
// cut.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static constexpr std::string_view kQueries[] = {"",          "", "", "format=json", "format=text",
                                                  "split=none"};
  static constexpr RecordLimits kTight = {
      .record_bytes_max = 48, .json_depth_max = 3, .attributes_max = 2};
  const std::uint8_t choice = size > 0 ? data[0] : std::uint8_t{0};
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  const std::string_view query = kQueries[choice % std::size(kQueries)];
  const RecordLimits limits = choice / std::size(kQueries) % 2 == 0 ? RecordLimits() : kTight;
  const Handled whole = handle(body, {.query = query, .limits = limits});
  require(whole.accepted == whole.lines.size(), "every accepted record reaches the sink");
  require(whole.rejected == whole.rejections.size(), "every refused record reaches the sink");
  require(logboom::record::check_json(whole.reply, 8).valid(), "the reply is JSON");
  for (const std::string& line : whole.lines) {
    require_storable(line);
    require_comes_back(line, limits);
  }
  if (size > 1) {
    const std::size_t cut = data[size / 2] % size;
    require(handle(body, {.query = query, .limits = limits, .cuts = {cut}}) == whole,
            "the cut does not matter");
  }
  return 0;
}
