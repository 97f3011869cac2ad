#include "tests/crash/process_files.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <span>
#include <utility>

#include <fmt/format.h>

namespace logboom::store {

namespace {

// What the calls of a dead process give: not EIO, which readers take for a bad block.
constexpr int kDeadError = ENODEV;

constexpr std::array<std::string_view, 13> kNames = {
    "open",   "create", "read", "write",          "sync",           "truncate", "allocate",
    "rename", "remove", "list", "make_directory", "sync_directory", "lock"};

}  // namespace

class ProcessFiles::OpenFile final : public File {
 public:
  OpenFile(ProcessFiles& process, SimulatedDisk::SharedNode node)
      : process_(process), node_(std::move(node)) {}

  Status write_at(std::span<iovec> pieces, std::uint64_t offset) override {
    // In one piece: the kernel lets no page reach the disk while a call is filling it.
    std::string& bytes = process_.written_;
    bytes.clear();
    for (const iovec& piece : pieces) {
      bytes.append(static_cast<const char*>(piece.iov_base), piece.iov_len);
    }
    const auto refusal = refuse(Operation::write, offset + bytes.size() > node_->bytes.size());
    if (refusal) bytes.resize(written_before(*refusal, bytes.size(), offset));
    node_->bytes.write(bytes, offset, process_.disk_.dice());
    if (refusal) return refusal->error;
    return {};
  }

  Result<std::size_t> read_at(char* out, std::size_t bytes, std::uint64_t offset) override {
    if (const auto refusal = refuse(Operation::read)) return refusal->error;
    return node_->bytes.read(out, bytes, offset);
  }

  Status sync() override {
    const auto refusal = refuse(Operation::sync);
    if (!refusal) {
      process_.disk_.sync(*node_);
      return {};
    }
    if (means_unreadable(refusal->error)) node_->bytes.fail_sync(process_.disk_.dice());
    return refusal->error;
  }

  Status truncate(std::uint64_t bytes) override {
    return resize(refuse(Operation::truncate, bytes > node_->bytes.size()), bytes);
  }

  Status allocate(std::uint64_t bytes) override {
    const auto refusal = refuse(Operation::allocate, bytes > node_->bytes.size());
    return resize(refusal, std::max(bytes, node_->bytes.size()));
  }

  Result<std::uint64_t> size() override {
    if (process_.dead_) return os_error(kDeadError);
    return node_->bytes.size();
  }

 private:
  std::optional<Refusal> refuse(Operation operation, bool needs_room = false) {
    return process_.refuse(operation, node_->path, needs_room);
  }

  Status resize(const std::optional<Refusal>& refusal, std::uint64_t bytes) {
    if (process_.happens(refusal)) node_->bytes.resize(bytes);
    if (refusal) return refusal->error;
    return {};
  }

  // How many bytes a failing write has put into the cache: some whole pages, perhaps all.
  std::size_t written_before(const Refusal& refusal, std::size_t bytes, std::uint64_t offset) {
    if (process_.dead_ && !refusal.dying) return 0;
    const std::uint64_t first = offset / CachedFile::kPageBytes;
    const std::uint64_t last = (offset + bytes - 1) / CachedFile::kPageBytes;
    const std::uint64_t pages = process_.disk_.dice().below(last - first + 2);
    if (pages == 0) return 0;
    return std::min<std::size_t>(bytes, (first + pages) * CachedFile::kPageBytes - offset);
  }

  ProcessFiles& process_;
  SimulatedDisk::SharedNode node_;
};

class ProcessFiles::HeldLock final : public FileLock {
 public:
  HeldLock(ProcessFiles& process, SimulatedDisk::SharedNode node)
      : process_(process), node_(std::move(node)) {}
  HeldLock(const HeldLock&) = delete;
  HeldLock& operator=(const HeldLock&) = delete;
  ~HeldLock() override { process_.disk_.unlock(*node_, process_.process_); }

 private:
  ProcessFiles& process_;
  SimulatedDisk::SharedNode node_;
};

ProcessFiles::ProcessFiles(SimulatedDisk& disk, Faults faults)
    : disk_(disk), faults_(faults), process_(disk.new_process()) {}

void ProcessFiles::die() {
  if (dead_) return;
  if (before_death_) before_death_();
  dead_ = true;
  disk_.unlock_all(process_);
}

Result<std::unique_ptr<File>> ProcessFiles::open(const std::string& path, OpenMode mode) {
  const bool creates = mode == OpenMode::create;
  const auto refusal = refuse(creates ? Operation::create : Operation::open, path, creates);
  if (refusal && !(creates && happens(refusal))) return refusal->error;
  auto node = creates ? disk_.create(path) : disk_.find(path);
  if (refusal) return refusal->error;
  if (!node) return node.error();
  return std::unique_ptr<File>(std::make_unique<OpenFile>(*this, std::move(*node)));
}

Status ProcessFiles::rename(const std::string& from, const std::string& to) {
  const auto refusal = refuse(Operation::rename, to, false);
  Status renamed;
  if (happens(refusal)) renamed = disk_.rename(from, to);
  if (refusal) return refusal->error;
  return renamed;
}

Status ProcessFiles::remove(const std::string& path) {
  const auto refusal = refuse(Operation::remove, path, false);
  Status removed;
  if (happens(refusal)) removed = disk_.remove(path);
  if (refusal) return refusal->error;
  return removed;
}

Result<std::vector<std::string>> ProcessFiles::list(const std::string& dir) {
  if (const auto refusal = refuse(Operation::list, dir, false)) return refusal->error;
  return disk_.list(dir);
}

Status ProcessFiles::make_directory(const std::string& dir) {
  const bool new_name = !disk_.list(dir).has_value();
  const auto refusal = refuse(Operation::make_directory, dir, new_name);
  Status made;
  if (happens(refusal)) made = disk_.make_directory(dir);
  if (refusal) return refusal->error;
  return made;
}

Status ProcessFiles::sync_directory(const std::string& dir) {
  const auto refusal = refuse(Operation::sync_directory, dir, false);
  if (!refusal) return disk_.sync_directory(dir);
  if (means_unreadable(refusal->error)) disk_.fail_sync_directory(dir);
  return refusal->error;
}

Status ProcessFiles::remove_directory(const std::string& dir) {
  const auto refusal = refuse(Operation::remove, dir, false);
  Status removed;
  if (happens(refusal)) removed = disk_.remove_directory(dir);
  if (refusal) return refusal->error;
  return removed;
}

Result<std::unique_ptr<FileLock>> ProcessFiles::lock(const std::string& path) {
  auto node = disk_.find(path);
  const bool creates = !node && node.error() == os_error(ENOENT);
  const auto refusal = refuse(Operation::lock, path, creates);
  if (refusal && !happens(refusal)) return refusal->error;
  if (creates) node = disk_.create(path);
  if (refusal) return refusal->error;
  if (!node) return node.error();
  if (!disk_.lock(**node, process_)) return os_error(EAGAIN);
  return std::unique_ptr<FileLock>(std::make_unique<HeldLock>(*this, std::move(*node)));
}

bool ProcessFiles::is_locked(const std::string& path) {
  const auto node = disk_.find(path);
  return node ? disk_.is_locked(**node) : node.error() != os_error(ENOENT);
}

std::optional<ProcessFiles::Refusal> ProcessFiles::refuse(Operation operation,
                                                          const std::string& path,
                                                          bool needs_room) {
  if (dead_) return Refusal{os_error(kDeadError)};
  if (++operations_ == faults_.dies_at) {
    die();
    tell(operation, path, "the process dies");
    return Refusal{os_error(kDeadError), true};
  }
  const auto error = planned_error(operation, needs_room);
  if (!error) {
    tell(operation, path, "");
    return std::nullopt;
  }
  hits_.push_back({operation, path, *error});
  tell(operation, path, os_error(*error).message());
  return Refusal{os_error(*error)};
}

std::optional<int> ProcessFiles::planned_error(Operation operation, bool needs_room) noexcept {
  if (operations_ == faults_.io_error_at) return EIO;
  if (operation == Operation::sync && operations_ >= faults_.sync_error_from) {
    faults_.sync_error_from = kNever;
    return EIO;
  }
  const bool full = operations_ >= faults_.no_room_from && operations_ < faults_.no_room_to;
  if (full && needs_room) return ENOSPC;
  return std::nullopt;
}

bool ProcessFiles::happens(const std::optional<Refusal>& refusal) {
  return !refusal || (refusal->dying && disk_.dice().chance(50));
}

void ProcessFiles::tell(Operation operation, const std::string& path,
                        std::string_view outcome) const {
  if (!traces_) return;
  fmt::print(stderr, "  {:5} {:14} {} {}\n", operations_,
             kNames[static_cast<std::size_t>(operation)], path, outcome);
}

}  // namespace logboom::store
