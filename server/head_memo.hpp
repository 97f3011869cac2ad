#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "arena/arena.hpp"
#include "server/http_request.hpp"

namespace logboom::server {

// Request heads that were parsed lately, byte for byte, and what they mean: a client sends much the
// same head with every request, and parsing it costs more than all else about a small one. A head
// is looked up by a hash of its bytes and compared whole, so what is found is what the parser would
// make of it. Owner: one io thread.
class HeadMemo {
 public:
  // Heads of at most so many bytes and fields are kept, in so many places, each of which holds the
  // last head whose hash chose it: 264 KiB.
  static constexpr std::size_t kHeadBytesMax = 512;
  static constexpr std::size_t kFieldsMax = 12;
  static constexpr std::size_t kPlaces = 256;

  HeadMemo();
  ~HeadMemo();
  HeadMemo(const HeadMemo&) = delete;
  HeadMemo& operator=(const HeadMemo&) = delete;

  // Forgets them all: what the parser makes of a head has changed.
  void forget() noexcept;

  // What the head at the beginning of `bytes` means, as views into `bytes` and the arena, and how
  // many bytes it has; nothing if it is not whole, or not known.
  struct Known {
    RequestHead head;
    std::size_t bytes = 0;
  };
  [[nodiscard]] std::optional<Known> find(std::string_view bytes, arena::Arena& arena);

  // Keeps what the parser made of these bytes, a whole head and no more, if that is all views into
  // them.
  void keep(std::string_view bytes, const RequestHead& head);

 private:
  struct Place;

  [[nodiscard]] static std::size_t index_of(std::string_view bytes) noexcept;
  [[nodiscard]] const Place* place_of(std::string_view bytes) noexcept;

  std::vector<Place> places_;
  std::size_t latest_ = 0;  // the place of the head found last
};

}  // namespace logboom::server
