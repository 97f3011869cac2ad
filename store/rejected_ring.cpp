#include "store/rejected_ring.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <iterator>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "store/time_text.hpp"

namespace logboom::store {

namespace {

constexpr std::string_view kSuffix = ".ndjson";

// Bytes of the well-formed UTF-8 sequence at the front, 0 if there is none (Unicode table 3-7).
std::size_t utf8_sequence(std::string_view text) noexcept {
  const auto at = [&](std::size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u;
  };
  const auto follows = [&](std::size_t i, unsigned low = 0x80, unsigned high = 0xBF) {
    return at(i) >= low && at(i) <= high;
  };
  const unsigned lead = at(0);
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead <= 0xDF) return follows(1) ? 2 : 0;
  if (lead >= 0xE0 && lead <= 0xEF) {
    const bool second = follows(1, lead == 0xE0 ? 0xA0 : 0x80, lead == 0xED ? 0x9F : 0xBF);
    return second && follows(2) ? 3 : 0;
  }
  if (lead < 0xF0 || lead > 0xF4) return 0;
  const bool second = follows(1, lead == 0xF0 ? 0x90 : 0x80, lead == 0xF4 ? 0x8F : 0xBF);
  return second && follows(2) && follows(3) ? 4 : 0;
}

bool is_utf8(std::string_view text) noexcept {
  while (!text.empty()) {
    const std::size_t bytes = utf8_sequence(text);
    if (bytes == 0) return false;
    text.remove_prefix(bytes);
  }
  return true;
}

void append_escaped(std::string& out, std::string_view text) {
  for (const char byte : text) {
    if (byte == '"' || byte == '\\') {
      out += '\\';
      out += byte;
    } else if (static_cast<unsigned char>(byte) < 0x20) {
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned>(byte));
    } else {
      out += byte;
    }
  }
}

void append_base64(std::string& out, std::string_view bytes) {
  static constexpr char kDigits[] =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t count = std::min<std::size_t>(3, bytes.size() - i);
    unsigned group = 0;
    for (std::size_t k = 0; k < 3; ++k) {
      group = group << 8 | (k < count ? static_cast<unsigned char>(bytes[i + k]) : 0u);
    }
    for (std::size_t k = 0; k < 4; ++k) {
      out += k <= count ? kDigits[group >> (18 - 6 * k) & 63] : '=';
    }
  }
}

void append_time(std::string& out, std::int64_t time_ns) {
  char text[kTimeBytes];
  write_time(time_ns, text);
  out.append(text, kTimeBytes);
}

void append_raw(std::string& out, std::string_view raw) {
  const std::string_view kept = raw.substr(0, RejectedRing::kRawBytesMax);
  if (kept.size() != raw.size()) {
    fmt::format_to(std::back_inserter(out), "\"raw_bytes\":{},", raw.size());
  }
  if (is_utf8(kept)) {
    out += "\"raw\":\"";
    append_escaped(out, kept);
  } else {
    out += "\"raw_base64\":\"";
    append_base64(out, kept);
  }
  out += "\"}\n";
}

// 0 for a file that is not of the ring: an operator's own, never to be removed.
std::uint64_t number_of(std::string_view name) noexcept {
  if (!name.ends_with(kSuffix)) return 0;
  const char* const end = name.data() + name.size() - kSuffix.size();
  std::uint64_t number = 0;
  const auto parsed = std::from_chars(name.data(), end, number);
  return parsed.ec == std::errc{} && parsed.ptr == end ? number : 0;
}

Result<std::uint64_t> size_of(FileSystem& files, const std::string& path) {
  auto file = files.open(path, OpenMode::read);
  if (!file) return file.error();
  return (*file)->size();
}

}  // namespace

Result<RejectedRing> RejectedRing::open(FileSystem& files, const DataPaths& paths,
                                        const Health& health, std::uint64_t bytes_max) {
  RejectedRing ring(files, paths, bytes_max);
  auto names = files.list(paths.rejected());
  if (!names) return names.error();
  for (std::string& name : *names) {
    if (number_of(name) == 0) continue;
    ring.files_made_ = std::max(ring.files_made_, number_of(name));
    const std::string path = paths.rejected() + "/" + name;
    const auto size = size_of(files, path);
    if (!size) {
      health.report(Severity::warning,
                    fmt::format("cannot look at {}: {}; what was refused there is not counted and "
                                "stays; see that this user may read it",
                                path, size.error().message()));
      continue;
    }
    ring.bytes_ += *size;
    ring.ring_.push_back({std::move(name), *size});
  }
  return ring;
}

void RejectedRing::add(const StagingChain& chain) {
  std::string_view text = chain.rejected_text();
  const auto take = [&text](std::size_t bytes) {
    const std::string_view taken = text.substr(0, bytes);
    text.remove_prefix(bytes);
    return taken;
  };
  for (const RejectedEntry& entry : chain.rejected()) {
    const std::string_view raw = take(entry.raw_bytes);
    lines_ += "{\"time\":\"";
    append_time(lines_, entry.arrival_ns);
    lines_ += "\",\"reason\":\"";
    append_escaped(lines_, take(entry.reason_bytes));
    lines_ += "\",\"protocol\":\"";
    append_escaped(lines_, take(entry.protocol_bytes));
    lines_ += "\",";
    append_raw(lines_, raw);
    ++pending_;
  }
}

RejectedRing::Written RejectedRing::write(bool synced) {
  Written result;
  for (std::string_view rest = lines_; !rest.empty();) {
    const std::string_view portion = first_portion(rest);
    if (Status written = write_portion(portion, synced); !written) {
      result.error = written.error();
      break;
    }
    result.kept += static_cast<std::size_t>(std::count(portion.begin(), portion.end(), '\n'));
    rest.remove_prefix(portion.size());
  }
  result.lost = pending_ - result.kept;
  pending_ = 0;
  lines_.clear();
  if (lines_.capacity() > kBufferKept) lines_.shrink_to_fit();
  return result;
}

std::string_view RejectedRing::first_portion(std::string_view text) const noexcept {
  const std::size_t limit = std::max<std::size_t>(bytes_max_ / kFiles, 1);
  if (text.size() <= limit) return text;
  std::size_t end = text.rfind('\n', limit - 1);
  if (end == std::string_view::npos) end = text.find('\n');
  return text.substr(0, end + 1);
}

Status RejectedRing::write_portion(std::string_view lines, bool synced) {
  if (file_ != nullptr && ring_.back().bytes + lines.size() > bytes_max_ / kFiles &&
      ring_.back().bytes != 0) {
    file_.reset();
  }
  Status written;
  if (file_ == nullptr) written = start_file();
  while (written && bytes_ + lines.size() > bytes_max_ && ring_.size() > 1) {
    written = remove_oldest();
  }
  if (written) written = append(lines, synced);
  if (!written) undo_append();
  return written;
}

Status RejectedRing::append(std::string_view lines, bool synced) {
  if (Status written = file_->write_at(lines, ring_.back().bytes); !written) return written;
  if (synced) {
    if (Status done = file_->sync(); !done) return done;
  }
  ring_.back().bytes += lines.size();
  bytes_ += lines.size();
  return {};
}

void RejectedRing::undo_append() {
  if (file_ == nullptr) return;
  const RingFile& current = ring_.back();
  if (current.bytes != 0) {
    // What its end holds is unknown if this fails too: go on in a new file.
    if (!file_->truncate(current.bytes)) file_.reset();
    return;
  }
  file_.reset();
  if (files_->remove(paths_->rejected() + "/" + current.name)) ring_.pop_back();
}

Status RejectedRing::start_file() {
  const std::string name = fmt::format("{:08}{}", ++files_made_, kSuffix);
  auto file = files_->open(paths_->rejected() + "/" + name, OpenMode::create);
  if (!file) return file.error();
  file_ = std::move(*file);
  ring_.push_back({name, 0});
  return files_->sync_directory(paths_->rejected());
}

Status RejectedRing::remove_oldest() {
  bytes_ -= ring_.front().bytes;
  const Status removed = files_->remove(paths_->rejected() + "/" + ring_.front().name);
  ring_.pop_front();
  if (!removed && removed.error() != os_error(ENOENT)) return removed;  // an operator was first
  return files_->sync_directory(paths_->rejected());
}

}  // namespace logboom::store
