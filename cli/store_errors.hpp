#pragma once

#include <string>
#include <string_view>

namespace logboom::cli {

// Complains unless `dir` is a directory; returns kExitOk or the exit code.
[[nodiscard]] int require_data_dir(const std::string& dir);

// Prints what the store says is wrong and returns the exit code that fits.
[[nodiscard]] int complain_of_store(std::string_view error);

}  // namespace logboom::cli
