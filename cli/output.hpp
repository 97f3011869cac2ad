#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

namespace logboom::cli {

// Buffered data on stdout. A reader that goes away, as `head` does, ends output quietly; any other
// failed write is an error. SIGPIPE must be ignored. One thread.
class Output {
 public:
  Output();
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;

  // Whether stdout is a terminal that shows colours, and NO_COLOR is not set.
  [[nodiscard]] static bool wants_colour();

  void append(std::string_view text) {
    buffer_ += text;
    if (buffer_.size() >= kFlushBytes) flush();
  }
  // For writing straight into the buffer; call flush_if_full() behind it.
  [[nodiscard]] std::string& buffer() noexcept { return buffer_; }
  void flush_if_full() {
    if (buffer_.size() >= kFlushBytes) flush();
  }
  void flush();

  // False once nobody reads any more or a write has failed: stop producing.
  [[nodiscard]] bool open() const noexcept { return error_ == 0; }
  // Sleeps; ends early, and sets open() to false, if the reader goes away meanwhile.
  void wait(std::chrono::milliseconds time);
  // Flushes and gives the exit code; complains if a write failed.
  [[nodiscard]] int finish();

 private:
  static constexpr std::size_t kFlushBytes = 64 * 1024;

  std::string buffer_;
  int error_ = 0;  // errno of the write that failed
};

}  // namespace logboom::cli
