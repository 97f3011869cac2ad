#include "tests/crash/simulated_disk.hpp"

#include <cerrno>
#include <cstddef>
#include <utility>

namespace logboom::store {

SimulatedDisk::SimulatedDisk(std::uint64_t seed, Conduct conduct)
    : conduct_(conduct), dice_(seed) {}

std::unique_ptr<SimulatedDisk> SimulatedDisk::after_power_cut(std::uint64_t seed) const {
  auto after = std::make_unique<SimulatedDisk>(seed, conduct_);
  after->root_ = survivor(root_, after->dice_);
  return after;
}

SimulatedDisk::Directory SimulatedDisk::survivor(const Directory& directory, Dice& dice) const {
  Directory after;
  after.cached = surviving_entries(directory, dice);
  for (auto& [name, entry] : after.cached) {
    if (entry.file != nullptr) {
      const Node& file = *entry.file;
      entry.file = std::make_shared<Node>(Node{file.path, file.bytes.after_power_cut(dice)});
    } else {
      entry.directory = std::make_shared<Directory>(survivor(*entry.directory, dice));
    }
  }
  after.durable = after.cached;
  return after;
}

SimulatedDisk::Entries SimulatedDisk::surviving_entries(const Directory& directory,
                                                        Dice& dice) const {
  Entries entries = directory.durable;
  const bool any = conduct_.unordered_names && dice.chance(50);
  const std::size_t first = dice.below(directory.unsynced.size() + 1);
  for (std::size_t i = 0; i < directory.unsynced.size(); ++i) {
    const Change& change = directory.unsynced[i];
    if (any ? dice.chance(50) && make_sense(entries, change) : i < first) apply(entries, change);
  }
  return entries;
}

Result<SimulatedDisk::SharedNode> SimulatedDisk::find(const std::string& path) const {
  const auto place = place_of(path);
  if (!place) return place.error();
  const auto found = place->directory->cached.find(place->name);
  if (found == place->directory->cached.end()) return os_error(ENOENT);
  if (found->second.file == nullptr) return os_error(EISDIR);
  return found->second.file;
}

Result<SimulatedDisk::SharedNode> SimulatedDisk::create(const std::string& path) {
  const auto place = place_of(path);
  if (!place) return place.error();
  if (place->directory->cached.contains(place->name)) return os_error(EEXIST);
  auto made = std::make_shared<Node>(Node{path, {}});
  change(*place->directory, {{made, nullptr}, "", place->name});
  return made;
}

Status SimulatedDisk::rename(const std::string& from, const std::string& to) {
  const auto source = place_of(from);
  if (!source) return source.error();
  const auto target = place_of(to);
  if (!target) return target.error();
  const auto found = source->directory->cached.find(source->name);
  if (found == source->directory->cached.end()) return os_error(ENOENT);
  // What half of a rename between directories survives is not modelled: there are none.
  if (source->directory != target->directory) return os_error(EXDEV);
  if (found->second.file != nullptr) found->second.file->path = to;
  change(*source->directory, {found->second, source->name, target->name});
  return {};
}

Status SimulatedDisk::remove(const std::string& path) {
  const auto place = place_of(path);
  if (!place) return place.error();
  const auto found = place->directory->cached.find(place->name);
  if (found == place->directory->cached.end()) return os_error(ENOENT);
  if (found->second.file == nullptr) return os_error(EISDIR);
  change(*place->directory, {found->second, place->name, ""});
  return {};
}

Status SimulatedDisk::make_directory(const std::string& path) {
  if (directory_at(path) != nullptr) return {};
  const auto place = place_of(path);
  if (!place) return place.error();
  if (place->directory->cached.contains(place->name)) return os_error(ENOTDIR);
  change(*place->directory, {{nullptr, std::make_shared<Directory>()}, "", place->name});
  return {};
}

Status SimulatedDisk::remove_directory(const std::string& path) {
  const auto place = place_of(path);
  if (!place) return place.error();
  const auto found = place->directory->cached.find(place->name);
  if (found == place->directory->cached.end()) return os_error(ENOENT);
  if (found->second.directory == nullptr) return os_error(ENOTDIR);
  if (!found->second.directory->cached.empty()) return os_error(ENOTEMPTY);
  change(*place->directory, {found->second, place->name, ""});
  return {};
}

Result<std::vector<std::string>> SimulatedDisk::list(const std::string& path) const {
  const Directory* const directory = directory_at(path);
  if (directory == nullptr) return os_error(ENOENT);
  std::vector<std::string> names;
  for (const auto& [name, entry] : directory->cached) names.push_back(name);
  return names;
}

Status SimulatedDisk::sync_directory(const std::string& path) {
  Directory* const directory = directory_at(path);
  if (directory == nullptr) return os_error(ENOENT);
  if (conduct_.lies) return {};
  directory->durable = directory->cached;
  directory->unsynced.clear();
  return {};
}

void SimulatedDisk::fail_sync_directory(const std::string& path) {
  Directory* const directory = directory_at(path);
  if (directory == nullptr) return;
  const auto done = static_cast<std::ptrdiff_t>(dice_.below(directory->unsynced.size() + 1));
  const auto begin = directory->unsynced.begin();
  for (auto at = begin; at != begin + done; ++at) apply(directory->durable, *at);
  directory->unsynced.erase(begin, begin + done);
}

void SimulatedDisk::sync(Node& file) const {
  if (!conduct_.lies) file.bytes.sync();
}

bool SimulatedDisk::lock(const Node& file, std::uint64_t process) {
  return locks_.try_emplace(&file, process).second;
}

void SimulatedDisk::unlock(const Node& file, std::uint64_t process) {
  const auto held = locks_.find(&file);
  if (held != locks_.end() && held->second == process) locks_.erase(held);
}

void SimulatedDisk::unlock_all(std::uint64_t process) {
  std::erase_if(locks_, [process](const auto& held) { return held.second == process; });
}

bool SimulatedDisk::is_locked(const Node& file) const {
  return locks_.contains(&file);
}

SimulatedDisk::Directory* SimulatedDisk::directory_at(std::string_view path) const {
  auto* directory = const_cast<Directory*>(&root_);
  while (!path.empty() && directory != nullptr) {
    const std::size_t slash = path.find('/');
    const std::string_view name = path.substr(0, slash);
    path.remove_prefix(slash == std::string_view::npos ? path.size() : slash + 1);
    if (name.empty()) continue;
    const auto found = directory->cached.find(name);
    directory = found == directory->cached.end() ? nullptr : found->second.directory.get();
  }
  return directory;
}

Result<SimulatedDisk::Place> SimulatedDisk::place_of(const std::string& path) const {
  const std::size_t slash = path.rfind('/');
  Directory* const directory = directory_at(std::string_view(path).substr(0, slash));
  if (directory == nullptr) return os_error(ENOENT);
  return Place{directory, path.substr(slash + 1)};
}

void SimulatedDisk::change(Directory& directory, Change change) {
  apply(directory.cached, change);
  directory.unsynced.push_back(std::move(change));
}

bool SimulatedDisk::make_sense(const Entries& entries, const Change& change) {
  if (change.from.empty()) return !entries.contains(change.to);
  const auto found = entries.find(change.from);
  return found != entries.end() && found->second == change.entry;
}

void SimulatedDisk::apply(Entries& entries, const Change& change) {
  if (!change.from.empty()) entries.erase(change.from);
  if (!change.to.empty()) entries[change.to] = change.entry;
}

}  // namespace logboom::store
