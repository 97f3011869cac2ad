#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace logboom::server {

// Why a request was answered with an error: the `code` of the reply's body, and a metrics label.
// docs/troubleshooting.md has a row for each, which tests/checks/error_codes.py holds it to.
enum class ErrorCode : std::uint8_t {
  bad_chunk,
  bad_content_length,
  bad_expectation,
  bad_header,
  bad_host,
  bad_http_version,
  bad_parameter,
  bad_request,
  bad_request_line,
  bad_transfer_encoding,
  body_too_large,
  commit_timeout,
  empty_body,
  forbidden,
  header_too_large,
  http2_on_plain_port,
  incomplete_request,
  length_required,
  method_not_allowed,
  missing_host,
  not_found,
  out_of_memory,
  overloaded,
  records_too_large,
  request_timeout,
  store_failed,
  store_full,
  tls_on_plain_port,
  too_many_headers,
  unknown_transfer_coding,
  unsupported_content_encoding
};

inline constexpr std::size_t kErrorCodes =
    static_cast<std::size_t>(ErrorCode::unsupported_content_encoding) + 1;

// The enumerator's name.
[[nodiscard]] std::string_view to_string(ErrorCode code) noexcept;

}  // namespace logboom::server
