#include "server/telemetry.hpp"

namespace logboom::server {

std::string_view to_string(RequestKind kind) noexcept {
  switch (kind) {
    case RequestKind::json: return "json";
    case RequestKind::text: return "text";
    case RequestKind::unread: return "unread";
    case RequestKind::page: return "page";
  }
  return "unknown";
}

std::string_view to_string(StatusClass status) noexcept {
  switch (status) {
    case StatusClass::success: return "2xx";
    case StatusClass::client_error: return "4xx";
    case StatusClass::server_error: return "5xx";
  }
  return "unknown";
}

std::string_view to_string(Stage stage) noexcept {
  switch (stage) {
    case Stage::read: return "read";
    case Stage::parse: return "parse";
    case Stage::commit_wait: return "commit_wait";
    case Stage::write: return "write";
  }
  return "unknown";
}

}  // namespace logboom::server
