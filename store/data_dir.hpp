#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "store/options.hpp"
#include "store/os_file.hpp"

namespace logboom::store {

// A result whose error is one sentence for the operator: what is wrong and what to do.
template <class T>
using Opened = boost::system::result<T, std::string>;

// Names of things in a data directory.
struct DataPaths {
  std::string root;

  [[nodiscard]] std::string format() const { return root + "/FORMAT"; }
  [[nodiscard]] std::string store_id() const { return root + "/store_id"; }
  [[nodiscard]] std::string lock() const { return root + "/LOCK"; }
  [[nodiscard]] std::string numbers() const { return root + "/numbers"; }
  [[nodiscard]] std::string segments() const { return root + "/segments"; }
  [[nodiscard]] std::string sealed() const { return root + "/sealed"; }
  [[nodiscard]] std::string cursors() const { return root + "/cursors"; }
  [[nodiscard]] std::string rejected() const { return root + "/rejected"; }
  [[nodiscard]] std::string quarantine() const { return root + "/quarantine"; }
};

// A data directory that is there, is ours to write, and is of a version this binary knows.
struct DataDir {
  DataPaths paths;
  std::string store_id;  // 32 hex digits, made once per directory
  std::unique_ptr<FileLock> lock;

  // Makes what is missing of options.dir, the directory itself included, and locks it, if need be
  // after a wait. One of an earlier version becomes one of this binary's. The error has the words
  // "another server" if somebody else has the lock.
  [[nodiscard]] static Opened<DataDir> open(FileSystem& files, const Options& options);
};

// The version of the directory; an error if this binary does not know it. Takes no lock.
[[nodiscard]] Opened<std::uint32_t> known_format(FileSystem& files, const DataPaths& paths);

// 64 bits of the kernel's randomness; never 0.
[[nodiscard]] std::uint64_t random_id() noexcept;

}  // namespace logboom::store
