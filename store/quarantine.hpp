#pragma once

#include <string_view>

#include "store/data_dir.hpp"
#include "store/os_file.hpp"

namespace logboom::store {

// Bytes of a file that no reader can use.
struct Unreadable {
  File& file;
  std::string_view name;
  ByteRange region;
};

// Copies them to quarantine/, where they are durable on return: nothing is cut off or deleted
// before. A copy that is there already was cut short, and is made anew.
[[nodiscard]] Status quarantine(FileSystem& files, const DataPaths& paths, const Unreadable& bytes);

// Whether there is a copy of them, though it may have been cut short.
[[nodiscard]] bool is_quarantined(FileSystem& files, const DataPaths& paths,
                                  const Unreadable& bytes);

}  // namespace logboom::store
