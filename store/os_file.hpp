#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <boost/system/result.hpp>

namespace logboom::store {

// The one seam between the store and the operating system's files: everything the store reads,
// writes, names or syncs goes through these two classes, so that a test can put a disk of its own
// in their place. The fault model such a disk may apply:
//   * bytes written and not yet synced may be lost, torn at any sector or kept, in any order;
//   * a name created, renamed or removed may be lost until its directory is synced;
//   * any call may fail with EIO, any call that needs room with ENOSPC;
//   * after a failed sync nothing is known about the unsynced bytes.
template <class T>
using Result = boost::system::result<T>;  // the error is an errno in the system category
using Status = Result<void>;

// An errno as an error.
[[nodiscard]] boost::system::error_code os_error(int number) noexcept;
// Whether the error says that there is no room, which may pass by itself.
[[nodiscard]] bool means_no_room(const boost::system::error_code& error) noexcept;
// Whether the error says that the disk cannot give back these bytes; others may be well.
[[nodiscard]] bool means_unreadable(const boost::system::error_code& error) noexcept;

// Bytes [from, to) of a file.
struct ByteRange {
  std::uint64_t from = 0;
  std::uint64_t to = 0;

  [[nodiscard]] std::uint64_t bytes() const noexcept { return to - from; }
};

// What a file system has, in bytes.
struct Space {
  std::uint64_t total = 0;
  std::uint64_t free = 0;  // for us: what it keeps for root is not
};

// What a file system is, as far as its promises go.
enum class FileSystemKind : std::uint8_t {
  disk,     // or not known
  memory,   // tmpfs, ramfs: gone with the machine
  overlay,  // a container's own layer: gone with the container
  network,  // NFS, SMB and others: syncs and locks are somebody else's word
};

// One open file. Calls may come from different threads, but not at the same time unless they only
// read. Closed by the destructor.
class File {
 public:
  virtual ~File() = default;

  // Writes all pieces, one behind the other, from `offset`. The pieces' bytes are untouched, the
  // span itself is scratch space for continuing a short write.
  [[nodiscard]] virtual Status write_at(std::span<iovec> pieces, std::uint64_t offset) = 0;
  // Reads up to `bytes`; fewer at the end of the file and in front of bytes that cannot be read,
  // where the next read says what is wrong.
  [[nodiscard]] virtual Result<std::size_t> read_at(char* out, std::size_t bytes,
                                                    std::uint64_t offset) = 0;
  // fdatasync: contents, and the length if it changed, are on stable storage.
  [[nodiscard]] virtual Status sync() = 0;
  [[nodiscard]] virtual Status truncate(std::uint64_t bytes) = 0;
  // Reserves room up to `bytes`, which reads as zeros.
  [[nodiscard]] virtual Status allocate(std::uint64_t bytes) = 0;
  [[nodiscard]] virtual Result<std::uint64_t> size() = 0;

  [[nodiscard]] Status write_at(std::string_view bytes, std::uint64_t offset);
};

// Held as long as it lives; see FileSystem::lock.
class FileLock {
 public:
  virtual ~FileLock() = default;
};

enum class OpenMode : std::uint8_t {
  read,        // must exist
  read_write,  // must exist
  create,      // must not exist; mode 0600
};

// Paths are the operating system's. Thread-safe.
class FileSystem {
 public:
  virtual ~FileSystem() = default;

  [[nodiscard]] virtual Result<std::unique_ptr<File>> open(const std::string& path,
                                                           OpenMode mode) = 0;
  [[nodiscard]] virtual Status rename(const std::string& from, const std::string& to) = 0;
  [[nodiscard]] virtual Status remove(const std::string& path) = 0;
  // Names in a directory, sorted, without `.` and `..`.
  [[nodiscard]] virtual Result<std::vector<std::string>> list(const std::string& dir) = 0;
  // Makes one directory of mode 0700; one that exists already is success.
  [[nodiscard]] virtual Status make_directory(const std::string& dir) = 0;
  // Names created, renamed and removed in the directory are on stable storage.
  [[nodiscard]] virtual Status sync_directory(const std::string& dir) = 0;
  // An empty directory; ENOTEMPTY if it is not.
  [[nodiscard]] virtual Status remove_directory(const std::string& dir) = 0;
  // Of the file system that the directory is on.
  [[nodiscard]] virtual Result<Space> space(const std::string& dir) = 0;
  [[nodiscard]] virtual FileSystemKind kind(const std::string& dir) = 0;

  // Takes the exclusive lock of the file, making the file if there is none; EAGAIN while another
  // open of it, in this process or another, holds the lock. The kernel drops it with the process.
  [[nodiscard]] virtual Result<std::unique_ptr<FileLock>> lock(const std::string& path) = 0;
  // Whether somebody holds the lock; false if there is no such file, true if that cannot be told.
  [[nodiscard]] virtual bool is_locked(const std::string& path) = 0;
};

// The machine's own files.
[[nodiscard]] FileSystem& os_files() noexcept;

// Signals go to other threads than the calling one, whose calls they would cut short; those that a
// thread's own fault raises stay.
void block_signals() noexcept;

// Copies the bytes to `to`, at the same place if it is the same file, and syncs them. Leaves out
// blocks that the disk cannot read.
[[nodiscard]] Status copy_range(File& from, ByteRange range, File& to, std::uint64_t to_offset);
// The whole of a small file.
[[nodiscard]] Result<std::string> read_small_file(FileSystem& files, const std::string& path);
// Makes a small file that is either absent or whole, whatever crashes: written beside, synced,
// renamed, directory synced.
[[nodiscard]] Status write_small_file(FileSystem& files, const std::string& dir,
                                      const std::string& name, std::string_view bytes);

}  // namespace logboom::store
