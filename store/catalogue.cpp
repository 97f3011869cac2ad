#include "store/catalogue.hpp"

#include <algorithm>

namespace logboom::store {

void Catalogue::add_spare(std::uint64_t bytes) {
  const std::scoped_lock lock(mutex_);
  bytes_ += bytes;
}

void Catalogue::remove_spare(std::uint64_t bytes) {
  const std::scoped_lock lock(mutex_);
  bytes_ -= bytes;
}

void Catalogue::add(const SizedFile& file) {
  const std::scoped_lock lock(mutex_);
  bytes_ += file.bytes;
  sealed_ += file.file.sealed ? 1U : 0U;
  files_[file.file.first_seq] = file;
}

void Catalogue::begin(const SizedFile& segment) {
  const std::scoped_lock lock(mutex_);
  files_[segment.file.first_seq] = segment;
}

void Catalogue::close(const StoredFile& segment, std::uint64_t bytes) {
  const std::scoped_lock lock(mutex_);
  SizedFile& file = files_[segment.first_seq];
  bytes_ -= file.bytes - bytes;
  file.bytes = bytes;
}

void Catalogue::seal(const StoredFile& segment, const std::optional<SizedFile>& sealed) {
  remove(segment);
  if (sealed) add(*sealed);
}

void Catalogue::remove(const StoredFile& file) {
  const std::scoped_lock lock(mutex_);
  const auto found = files_.find(file.first_seq);
  if (found == files_.end()) return;
  bytes_ -= found->second.bytes;
  sealed_ -= found->second.file.sealed ? 1U : 0U;
  files_.erase(found);
}

Catalogue::Files::const_iterator Catalogue::first_sealed() const {
  return std::find_if(files_.begin(), files_.end(),
                      [](const auto& entry) { return entry.second.file.sealed; });
}

std::optional<SizedFile> Catalogue::oldest_sealed() const {
  const std::scoped_lock lock(mutex_);
  const auto found = first_sealed();
  if (found == files_.end()) return std::nullopt;
  return found->second;
}

std::optional<std::int64_t> Catalogue::oldest_sealed_arrival_ns() const {
  const std::scoped_lock lock(mutex_);
  const auto found = first_sealed();
  if (found == files_.end()) return std::nullopt;
  return found->second.file.last_arrival_ns;
}

std::optional<SizedFile> Catalogue::newest() const {
  const std::scoped_lock lock(mutex_);
  if (files_.empty()) return std::nullopt;
  return files_.rbegin()->second;
}

CatalogueTotals Catalogue::totals() const {
  const std::scoped_lock lock(mutex_);
  CatalogueTotals totals{files_.size(), sealed_, bytes_, 0};
  if (!files_.empty()) totals.oldest_arrival_ns = files_.begin()->second.file.first_arrival_ns;
  return totals;
}

}  // namespace logboom::store
