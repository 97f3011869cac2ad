#include "store/quarantine.hpp"

#include <memory>
#include <string>

#include <fmt/format.h>

namespace logboom::store {

namespace {

std::string path_of(const DataPaths& paths, const Unreadable& bytes) {
  return fmt::format("{}/{}-{}.bin", paths.quarantine(), bytes.name, bytes.region.from);
}

}  // namespace

Status quarantine(FileSystem& files, const DataPaths& paths, const Unreadable& bytes) {
  const std::string path = path_of(paths, bytes);
  static_cast<void>(files.remove(path));
  auto copy = files.open(path, OpenMode::create);
  if (!copy) return copy.error();
  if (Status copied = copy_range(bytes.file, bytes.region, **copy, 0); !copied) return copied;
  return files.sync_directory(paths.quarantine());
}

bool is_quarantined(FileSystem& files, const DataPaths& paths, const Unreadable& bytes) {
  return files.open(path_of(paths, bytes), OpenMode::read).has_value();
}

}  // namespace logboom::store
