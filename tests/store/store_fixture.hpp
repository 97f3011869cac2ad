#pragma once

#include <poll.h>
#include <stdlib.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "store/reader.hpp"
#include "store/store.hpp"
#include "store/verify.hpp"
#include "tests/support/line_start.hpp"

namespace logboom::store {

// A directory that goes away with it.
class TempDir {
 public:
  explicit TempDir(const std::filesystem::path& parent = std::filesystem::temp_directory_path()) {
    std::string pattern = (parent / "store-test-XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
  }
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  ~TempDir() { std::filesystem::remove_all(path_); }

  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// What a store reported, from any of its threads.
class Reports {
 public:
  void add(Severity severity, std::string_view sentence) {
    const std::scoped_lock lock(mutex_);
    reports_.emplace_back(severity, sentence);
  }
  [[nodiscard]] int count(Severity severity) const {
    const std::scoped_lock lock(mutex_);
    int found = 0;
    for (const auto& report : reports_) found += report.first == severity ? 1 : 0;
    return found;
  }
  [[nodiscard]] std::string text() const {
    const std::scoped_lock lock(mutex_);
    std::string all;
    for (const auto& report : reports_) all += report.second + "\n";
    return all;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::pair<Severity, std::string>> reports_;
};

// Calls until it is true; gives up after ten seconds.
template <class Condition>
bool eventually(Condition&& condition) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    ::poll(nullptr, 0, 1);
  }
  return true;
}

// A record of the kind `{"body":"..."}`, observed at `time_ns`.
inline void append_line(StagingChain& chain, std::string_view line, std::int64_t time_ns = 1) {
  char* const out = chain.reserve(line.size());
  std::memcpy(out, line.data(), line.size());
  *out = ',';  // what the store is given begins behind the times
  chain.append(line.size(), line.size() - 1, {kNoTime, time_ns});
}

inline std::string body_line(std::string_view body) {
  return "{\"body\":\"" + std::string(body) + "\"}";
}

// What a reader makes of it.
inline std::string with_seq(const std::string& line, std::uint64_t seq, std::int64_t time_ns = 1) {
  return line_start(kNoTime, time_ns) + "," + line.substr(1, line.size() - 2) +
         ",\"_seq\":" + std::to_string(seq) + "}";
}

struct ReadRecord {
  std::uint64_t seq = 0;
  std::string line;

  bool operator==(const ReadRecord&) const = default;
};

class StoreFixture : public ::testing::Test {
 protected:
  [[nodiscard]] std::string dir() const { return temp_.path() + "/data"; }

  [[nodiscard]] Options options() {
    Options made;
    made.dir = dir();
    made.limits.wall = {.bytes_max = 0, .percent_max = 100, .free_bytes_min = 0};
    made.limits.retention.age = std::chrono::seconds(0);
    made.report = [this](Severity severity, std::string_view sentence) {
      reports_.add(severity, sentence);
    };
    return made;
  }

  [[nodiscard]] static std::unique_ptr<Store> must_open(Options options) {
    auto store = Store::open(std::move(options));
    if (!store) {
      ADD_FAILURE() << store.error();
      return nullptr;
    }
    return std::move(*store);
  }

  // Publishes one request of these lines and waits for its answer.
  static CommitStatus commit(Store& store, const std::vector<std::string>& lines,
                             std::size_t producer = 0) {
    Producer& end = store.producer(producer);
    StagingChain& chain = end.open();
    for (const std::string& line : lines) append_line(chain, line);
    chain.add_ticket({7, 1});
    end.publish();
    return wait_for_answers(end, 1);
  }

  // Likewise of a store without threads.
  static CommitStatus commit_in_turn(Store& store, const std::string& line) {
    append_line(store.producer(0).open(), line);
    store.producer(0).open().add_ticket({});
    store.producer(0).publish();
    store.turn(Store::Worker::committer);
    return wait_for_answers(store.producer(0), 1);
  }

  // The status of the last of `count` answers.
  static CommitStatus wait_for_answers(Producer& end, std::size_t count) {
    CommitStatus last = CommitStatus::failed;
    std::size_t seen = 0;
    while (seen < count) {
      pollfd wait{end.completion_fd(), POLLIN, 0};
      if (::poll(&wait, 1, 10'000) != 1) {
        ADD_FAILURE() << "no answer after ten seconds";
        return CommitStatus::failed;
      }
      end.drain_completed(
          [&](Ticket, CommitStatus status) {
            last = status;
            ++seen;
          },
          [](std::size_t) {});
    }
    return last;
  }

  [[nodiscard]] static std::vector<ReadRecord> read_all(const std::string& dir,
                                                        ReaderOptions options = {}) {
    auto reader = Reader::open(dir, options);
    if (!reader) {
      ADD_FAILURE() << reader.error();
      return {};
    }
    return read_rest(*reader);
  }

  [[nodiscard]] static std::vector<ReadRecord> read_rest(Reader& reader) {
    std::vector<ReadRecord> records;
    while (const auto record = reader.next()) {
      records.push_back({record->seq, std::string(record->line)});
    }
    return records;
  }

  // The directory as a crash would leave it for the kernel: a copy, without the lock.
  [[nodiscard]] std::string crashed_copy() {
    std::string copy = temp_.path() + "/copy" + std::to_string(++copies_);
    std::filesystem::copy(dir(), copy, std::filesystem::copy_options::recursive);
    return copy;
  }

  [[nodiscard]] static std::vector<std::string> segment_files(const std::string& dir) {
    std::vector<std::string> paths;
    for (const auto& entry : std::filesystem::directory_iterator(dir + "/segments")) {
      if (entry.path().extension() == ".seg") paths.push_back(entry.path().string());
    }
    std::sort(paths.begin(), paths.end());
    return paths;
  }

  [[nodiscard]] static std::string read_bytes(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }

  static void write_bytes(const std::string& path, std::string_view bytes) {
    std::ofstream out(path, std::ios::binary | std::ios::trunc);
    out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  }

  TempDir temp_;
  Reports reports_;
  int copies_ = 0;
};

}  // namespace logboom::store
