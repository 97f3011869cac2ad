#pragma once

#include <string>

namespace logboom::config {

// docs/configuration.md: every key with its default, range and effect, as a page to read.
[[nodiscard]] std::string reference_page();

}  // namespace logboom::config
