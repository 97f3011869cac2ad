#pragma once

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "store/os_file.hpp"

namespace logboom::store {

// The machine's files, some of whose operations fail on demand. Thread-safe.
class FaultyFiles final : public FileSystem {
 public:
  enum class Operation : std::uint8_t {
    create,
    open,
    read,
    write,
    sync,
    allocate,
    truncate,
    sync_directory,
  };

  // From now on the operation fails with this errno for all paths that contain `part`.
  void fail(Operation operation, std::string part, int error) {
    const std::scoped_lock lock(mutex_);
    faults_.push_back({operation, std::move(part), error});
  }
  // From now on these bytes of all files whose path contains `part` cannot be read.
  void spoil(std::string part, std::uint64_t from, std::uint64_t to) {
    const std::scoped_lock lock(mutex_);
    spoilt_.push_back({std::move(part), from, to});
  }
  void heal() {
    const std::scoped_lock lock(mutex_);
    faults_.clear();
    spoilt_.clear();
  }
  // From now on the files are said to be on such a file system.
  void set_kind(FileSystemKind kind) { kind_ = kind; }
  // From now on the file system has this much room.
  void set_space(Space space) {
    const std::scoped_lock lock(mutex_);
    space_ = space;
  }
  // How often files whose path contained `part` then were synced, and the bytes written to them.
  [[nodiscard]] std::uint64_t syncs(const std::string& part) const {
    return sum_of(part, &Done::syncs);
  }
  [[nodiscard]] std::uint64_t bytes_written(const std::string& part) const {
    return sum_of(part, &Done::bytes_written);
  }

  Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) override {
    if (mode == OpenMode::create) {
      if (Status allowed = check(Operation::create, path); !allowed) return allowed.error();
    } else if (Status allowed = check(Operation::open, path); !allowed) {
      return allowed.error();
    }
    auto file = os_files().open(path, mode);
    if (!file) return file.error();
    auto shared = std::make_shared<std::string>(path);
    {
      const std::scoped_lock lock(mutex_);
      names_.push_back(shared);
    }
    return std::unique_ptr<File>(
        std::make_unique<FaultyFile>(*this, std::move(shared), std::move(*file)));
  }
  Status rename(const std::string& from, const std::string& to) override {
    const Status renamed = os_files().rename(from, to);
    const std::scoped_lock lock(mutex_);
    for (const auto& name : names_) {
      if (renamed && *name == from) *name = to;
    }
    return renamed;
  }
  Status remove(const std::string& path) override { return os_files().remove(path); }
  Result<std::vector<std::string>> list(const std::string& dir) override {
    return os_files().list(dir);
  }
  Status make_directory(const std::string& dir) override { return os_files().make_directory(dir); }
  Status sync_directory(const std::string& dir) override {
    if (Status allowed = check(Operation::sync_directory, dir); !allowed) return allowed;
    return os_files().sync_directory(dir);
  }
  Status remove_directory(const std::string& dir) override {
    return os_files().remove_directory(dir);
  }
  Result<Space> space(const std::string& dir) override {
    const std::scoped_lock lock(mutex_);
    return space_ ? Result<Space>(*space_) : os_files().space(dir);
  }
  FileSystemKind kind(const std::string&) override { return kind_; }
  Result<std::unique_ptr<FileLock>> lock(const std::string& path) override {
    return os_files().lock(path);
  }
  bool is_locked(const std::string& path) override { return os_files().is_locked(path); }

 private:
  struct Spoilt {
    std::string part;
    std::uint64_t from;
    std::uint64_t to;
  };

  // How many of the bytes asked for lie in front of the first that cannot be read.
  std::size_t readable(const std::shared_ptr<std::string>& name, std::size_t bytes,
                       std::uint64_t offset) {
    const std::scoped_lock lock(mutex_);
    for (const Spoilt& spoilt : spoilt_) {
      if (name->find(spoilt.part) == std::string::npos) continue;
      if (offset >= spoilt.to || offset + bytes <= spoilt.from) continue;
      bytes = offset >= spoilt.from ? 0 : static_cast<std::size_t>(spoilt.from - offset);
    }
    return bytes;
  }

  struct Done {
    std::uint64_t syncs = 0;
    std::uint64_t bytes_written = 0;
  };

  [[nodiscard]] std::uint64_t sum_of(const std::string& part, std::uint64_t Done::*counter) const {
    const std::scoped_lock lock(mutex_);
    std::uint64_t sum = 0;
    for (const auto& [name, done] : done_) {
      if (name.find(part) != std::string::npos) sum += done.*counter;
    }
    return sum;
  }
  void count(const std::shared_ptr<std::string>& name, const Done& more) {
    const std::scoped_lock lock(mutex_);
    Done& done = done_[*name];
    done.syncs += more.syncs;
    done.bytes_written += more.bytes_written;
  }

  struct Fault {
    Operation operation;
    std::string part;
    int error;
  };

  class FaultyFile final : public File {
   public:
    FaultyFile(FaultyFiles& owner, std::shared_ptr<std::string> name, std::unique_ptr<File> file)
        : owner_(owner), name_(std::move(name)), file_(std::move(file)) {}

    Status write_at(std::span<iovec> pieces, std::uint64_t offset) override {
      if (Status allowed = check(Operation::write); !allowed) return allowed;
      Done written;
      for (const iovec& piece : pieces) written.bytes_written += piece.iov_len;
      owner_.count(name_, written);
      return file_->write_at(pieces, offset);
    }
    Result<std::size_t> read_at(char* out, std::size_t bytes, std::uint64_t offset) override {
      if (Status allowed = check(Operation::read); !allowed) return allowed.error();
      const std::size_t readable = owner_.readable(name_, bytes, offset);
      if (readable == 0 && bytes != 0) return os_error(EIO);
      return file_->read_at(out, readable, offset);
    }
    Status sync() override {
      owner_.count(name_, {.syncs = 1});
      if (Status allowed = check(Operation::sync); !allowed) return allowed;
      return file_->sync();
    }
    Status truncate(std::uint64_t bytes) override {
      if (Status allowed = check(Operation::truncate); !allowed) return allowed;
      return file_->truncate(bytes);
    }
    Status allocate(std::uint64_t bytes) override {
      if (Status allowed = check(Operation::allocate); !allowed) return allowed;
      return file_->allocate(bytes);
    }
    Result<std::uint64_t> size() override { return file_->size(); }

   private:
    Status check(Operation operation) { return owner_.check_named(operation, *name_); }

    FaultyFiles& owner_;
    std::shared_ptr<std::string> name_;  // guarded by the owner's mutex
    std::unique_ptr<File> file_;
  };

  Status check_named(Operation operation, const std::string& name) {
    std::string copy;
    {
      const std::scoped_lock lock(mutex_);
      copy = name;
    }
    return check(operation, copy);
  }

  Status check(Operation operation, const std::string& path) {
    const std::scoped_lock lock(mutex_);
    for (const Fault& fault : faults_) {
      if (fault.operation == operation && path.find(fault.part) != std::string::npos) {
        return os_error(fault.error);
      }
    }
    return {};
  }

  mutable std::mutex mutex_;
  std::vector<Fault> faults_;
  std::vector<Spoilt> spoilt_;
  std::vector<std::shared_ptr<std::string>> names_;
  std::atomic<FileSystemKind> kind_{FileSystemKind::disk};
  std::optional<Space> space_;
  std::map<std::string, Done> done_;
};

}  // namespace logboom::store
