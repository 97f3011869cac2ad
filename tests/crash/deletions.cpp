#include "tests/crash/deletions.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "store/cursors.hpp"
#include "store/slot_pair.hpp"
#include "store/stored_files.hpp"
#include "tests/crash/process_files.hpp"

namespace logboom::store {

Deletions::Deletions(World world) : world_(world), paths_{kSimulatedDir} {
  if (!world_.limits.may_delete()) return;
  list();
  ProcessFiles files(world_.disk);
  auto cursor = files.open(paths_.cursors() + "/" + kSink, OpenMode::read);
  if (!cursor) return;
  if (const auto slots = SlotPair<CursorSlot>::read(**cursor)) {
    counted_up_to_ = slots->newest().lost_last;
  }
}

void Deletions::list() {
  files_.clear();
  bytes_ = 0;
  ProcessFiles files(world_.disk);
  const auto stored = list_stored_files(files, paths_);
  const auto segments = files.list(paths_.segments());
  if (!stored || !segments) return;  // before the first opening
  const auto size_of = [&](const std::string& path) {
    const auto node = world_.disk.find(path);
    return node ? (*node)->bytes.size() : 0;
  };
  for (const StoredFile& file : *stored) {
    files_.push_back({file, size_of(paths_.root + "/" + file.path)});
    bytes_ += files_.back().bytes;
  }
  for (const std::string& name : *segments) {
    if (name.starts_with(kSparePrefix)) bytes_ += size_of(paths_.segments() + "/" + name);
  }
}

bool Deletions::has_sealed() const noexcept {
  return std::any_of(files_.begin(), files_.end(),
                     [](const SizedFile& file) { return file.file.sealed; });
}

void Deletions::look(std::optional<Store::Worker> worker) {
  if (!world_.limits.may_delete()) return;
  const bool may_be_unread = worker != Store::Worker::sealer && world_.limits.drops();
  const Files before = std::exchange(files_, {});
  list();
  last_deleted_.reset();
  for (const SizedFile& file : before) {
    // A segment is removed when it is sealed, and a sealed file when it has to be made anew.
    const bool stays = std::any_of(files_.begin(), files_.end(), [&](const SizedFile& other) {
      return other.file.first_seq == file.file.first_seq;
    });
    if (stays || !file.file.sealed) continue;
    judge(file.file, may_be_unread);
    last_deleted_ = file;
  }
}

void Deletions::judge(const StoredFile& deleted, bool may_be_unread) {
  const std::uint64_t passed = world_.sink.passed();
  if (deleted.last_seq > passed && !may_be_unread) {
    world_.oracle.report(fmt::format("records {} to {} are deleted and the sink has passed {}",
                                     deleted.first_seq, deleted.last_seq, passed));
  }
  const bool is_oldest = files_.empty() || files_.front().file.first_seq > deleted.first_seq;
  if (!is_oldest && world_.oracle.seals_in_order()) {
    world_.oracle.report(fmt::format("records {} to {} are deleted before {}", deleted.first_seq,
                                     deleted.last_seq, files_.front().file.first_seq));
  }
  ++files_deleted_;
  if (deleted.last_seq > std::max(passed, counted_up_to_)) {
    lost_records_ +=
        world_.oracle.records_in(std::max(passed + 1, deleted.first_seq), deleted.last_seq);
  }
  world_.oracle.deleted(deleted.first_seq, deleted.last_seq);
}

void Deletions::judge_need(Store::Worker worker) {
  if (!last_deleted_) return;
  const std::uint64_t limit =
      worker == Store::Worker::sealer ? world_.limits.kept_bytes_max : world_.limits.wall_bytes_max;
  if (bytes() + last_deleted_->bytes > limit) return;
  // A new file that was refused in the end is not among the bytes.
  if (worker != Store::Worker::sealer && !has_sealed()) return;
  world_.oracle.report(fmt::format("records {} to {} are deleted and there is room",
                                   last_deleted_->file.first_seq, last_deleted_->file.last_seq));
}

}  // namespace logboom::store
