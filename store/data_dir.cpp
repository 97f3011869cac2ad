#include "store/data_dir.hpp"

#include <sys/random.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <string_view>
#include <thread>
#include <utility>

#include <fmt/format.h>

#include "store/format.hpp"

namespace logboom::store {

namespace {

constexpr std::chrono::milliseconds kLockRetry{10};
constexpr const char* kFormatName = "FORMAT";

template <class T = void>
Opened<T> failure(std::string sentence) {
  return {boost::system::in_place_error, std::move(sentence)};
}

std::string explain(std::string_view verb, const std::string& path,
                    const boost::system::error_code& error) {
  return fmt::format("cannot {} {}: {}", verb, path, error.message());
}

std::string parent_of(std::string_view dir) {
  while (dir.size() > 1 && dir.back() == '/') dir.remove_suffix(1);
  const std::size_t slash = dir.find_last_of('/');
  if (slash == std::string_view::npos) return ".";
  return std::string(dir.substr(0, std::max<std::size_t>(slash, 1)));
}

// The directory and those above it, each synced into the one that holds it.
Status make_directories(FileSystem& files, const std::string& dir) {
  const std::string parent = parent_of(dir);
  Status made = files.make_directory(dir);
  if (!made && made.error() == os_error(ENOENT) && parent != dir) {
    if (Status above = make_directories(files, parent); !above) return above;
    made = files.make_directory(dir);
  }
  if (!made) return made;
  const Status synced = files.sync_directory(parent);
  // A parent that only others may read has held the directory since long before us.
  if (!synced && synced.error() == os_error(EACCES)) return {};
  return synced;
}

// Tries again and again while another process has the lock and there is time: the kernel cannot
// wait for it and for a deadline at once.
Result<std::unique_ptr<FileLock>> await_lock(FileSystem& files, const DataPaths& paths,
                                             const Options& options) {
  using Clock = std::chrono::steady_clock;
  const Clock::time_point deadline = Clock::now() + options.lock_wait;
  bool told = false;
  for (;;) {
    auto lock = files.lock(paths.lock());
    if (lock || lock.error() != os_error(EAGAIN) || Clock::now() >= deadline) return lock;
    if (!std::exchange(told, true)) {
      options.report(Severity::info,
                     fmt::format("another server is using {}: waiting up to {} ms for it to end",
                                 paths.root, options.lock_wait.count()));
    }
    std::this_thread::sleep_for(kLockRetry);
  }
}

Opened<std::unique_ptr<FileLock>> take_lock(FileSystem& files, const DataPaths& paths,
                                            const Options& options) {
  using Lock = Opened<std::unique_ptr<FileLock>>;
  auto lock = await_lock(files, paths, options);
  if (lock) return Lock(std::move(*lock));
  if (lock.error() == os_error(EAGAIN)) {
    return Lock(
        boost::system::in_place_error,
        fmt::format("another server is using {}: stop it or choose another directory", paths.root));
  }
  return Lock(boost::system::in_place_error, explain("lock", paths.lock(), lock.error()));
}

Opened<void> make_layout(FileSystem& files, const DataPaths& paths) {
  for (const auto& dir :
       {paths.segments(), paths.sealed(), paths.cursors(), paths.rejected(), paths.quarantine()}) {
    if (Status made = files.make_directory(dir); !made) {
      return failure(explain("make", dir, made.error()));
    }
  }
  if (Status synced = files.sync_directory(paths.root); !synced) {
    return failure(explain("sync", paths.root, synced.error()));
  }
  return {};
}

// Makes the small file with these bytes if there is none.
Opened<void> ensure_file(FileSystem& files, const DataPaths& paths, const std::string& name,
                         const std::string& bytes) {
  const std::string path = paths.root + "/" + name;
  const auto there = files.open(path, OpenMode::read);
  if (there) return {};
  if (there.error() != os_error(ENOENT)) return failure(explain("read", path, there.error()));
  if (Status made = write_small_file(files, paths.root, name, bytes); !made) {
    return failure(explain("make", path, made.error()));
  }
  return {};
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.remove_suffix(1);
  return text;
}

Opened<void> read_store_id(FileSystem& files, DataDir& dir) {
  const auto id = read_small_file(files, dir.paths.store_id());
  if (!id) return failure(explain("read", dir.paths.store_id(), id.error()));
  dir.store_id = trimmed(*id);
  if (dir.store_id.size() == sizeof(SegmentHeader::store_id)) return {};
  return failure(
      fmt::format("{} does not hold 32 hex digits: restore it from a backup or remove it",
                  dir.paths.store_id()));
}

std::string format_text() {
  return fmt::format("{}\n", kFormatVersion);
}

// The frames that an earlier version wrote stay as they are, for every version reads them; from
// here on, before anything else is written, the older binary must keep away.
Opened<void> make_format_ours(FileSystem& files, const DataPaths& paths, const Options& options) {
  const auto version = known_format(files, paths);
  if (!version) return failure(version.error());
  if (*version == kFormatVersion) return {};
  if (Status written = write_small_file(files, paths.root, kFormatName, format_text()); !written) {
    return failure(explain("write", paths.format(), written.error()));
  }
  options.report(
      Severity::info,
      fmt::format("{} was of format {} and is of format {} now: older binaries refuse it",
                  paths.root, *version, kFormatVersion));
  return {};
}

Opened<void> prepare(FileSystem& files, DataDir& dir, const Options& options) {
  const DataPaths& paths = dir.paths;
  if (Status made = make_directories(files, paths.root); !made) {
    return failure(explain("make the data directory", paths.root, made.error()));
  }
  auto lock = take_lock(files, paths, options);
  if (!lock) return failure(lock.error());
  dir.lock = std::move(*lock);
  const std::string id = fmt::format("{:016x}{:016x}\n", random_id(), random_id());
  if (auto made = ensure_file(files, paths, "store_id", id); !made) return made;
  if (auto made = ensure_file(files, paths, kFormatName, format_text()); !made) return made;
  if (auto ours = make_format_ours(files, paths, options); !ours) return ours;
  if (auto made = make_layout(files, paths); !made) return made;
  return read_store_id(files, dir);
}

}  // namespace

Opened<DataDir> DataDir::open(FileSystem& files, const Options& options) {
  DataDir made;
  made.paths.root = options.dir;
  if (auto prepared = prepare(files, made, options); !prepared) {
    return {boost::system::in_place_error, prepared.error()};
  }
  return made;
}

Opened<std::uint32_t> known_format(FileSystem& files, const DataPaths& paths) {
  using Version = std::uint32_t;
  const auto text = read_small_file(files, paths.format());
  if (!text && text.error() == os_error(ENOENT)) {
    return failure<Version>(
        fmt::format("{} is not a data directory: it has no FORMAT", paths.root));
  }
  if (!text) return failure<Version>(explain("read", paths.format(), text.error()));
  const std::string_view digits = trimmed(*text);
  Version version = 0;
  const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), version);
  if (parsed.ec != std::errc{} || parsed.ptr != digits.data() + digits.size() || version == 0) {
    return failure<Version>(fmt::format("{} does not hold a version number", paths.format()));
  }
  if (version <= kFormatVersion) return version;
  return failure<Version>(
      fmt::format("{} was written by a newer version (format {}, this binary knows {}): "
                  "use that version or another directory",
                  paths.root, version, kFormatVersion));
}

std::uint64_t random_id() noexcept {
  std::uint64_t id = 0;
  while (id == 0) {
    if (::getrandom(&id, sizeof id, 0) != sizeof id) id = 0;
  }
  return id;
}

}  // namespace logboom::store
