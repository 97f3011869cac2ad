#include "server/head_memo.hpp"

#include <array>
#include <cstring>
#include <functional>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace logboom::server {
namespace {

// The length of the head that begins `bytes`, with its empty line; 0 if it is not whole or longer
// than what is kept.
std::size_t head_length(std::string_view bytes) noexcept {
  bytes = bytes.substr(0, HeadMemo::kHeadBytesMax);
  const char* const begin = bytes.data();
  const char* const end = begin + bytes.size();
  for (const char* at = begin; at != end;) {
    const auto* const found =
        static_cast<const char*>(std::memchr(at, '\r', static_cast<std::size_t>(end - at)));
    if (found == nullptr || end - found < 4) return 0;
    if (std::memcmp(found, "\r\n\r\n", 4) == 0) return static_cast<std::size_t>(found + 4 - begin);
    at = found + 1;
  }
  return 0;
}

bool lies_in(std::string_view view, std::string_view bytes) noexcept {
  const std::less_equal<const char*> in_order;
  return view.empty() || (in_order(bytes.data(), view.data()) &&
                          in_order(view.data() + view.size(), bytes.data() + bytes.size()));
}

// Moves a view that lies in one copy of a head to the same place in another.
class Move {
 public:
  Move(const char* from, const char* to) noexcept : from_(from), to_(to) {}

  void operator()(std::string_view& view) const noexcept {
    if (!view.empty()) view = {to_ + (view.data() - from_), view.size()};
  }
  void operator()(RequestHead& head) const noexcept {
    for (std::string_view* view : {&head.path, &head.query, &head.host, &head.content_encoding,
                                   &head.accept, &head.user_agent}) {
      (*this)(*view);
    }
  }
  void operator()(std::span<const HttpField> fields, HttpField* out) const noexcept {
    for (const HttpField& field : fields) {
      *out = field;
      (*this)(out->name);
      (*this)(out->value);
      ++out;
    }
  }

 private:
  const char* from_;
  const char* to_;
};

}  // namespace

struct HeadMemo::Place {
  std::size_t bytes = 0;
  RequestHead head;  // its views lie in `text`
  std::array<HttpField, kFieldsMax> fields;
  std::array<char, kHeadBytesMax> text;
};

HeadMemo::HeadMemo() : places_(kPlaces) {}

HeadMemo::~HeadMemo() = default;

std::size_t HeadMemo::index_of(std::string_view bytes) noexcept {
  return XXH3_64bits(bytes.data(), bytes.size()) % kPlaces;
}

std::optional<HeadMemo::Known> HeadMemo::find(std::string_view bytes, arena::Arena& arena) const {
  const std::size_t length = head_length(bytes);
  if (length == 0) return std::nullopt;
  const Place& place = places_[index_of(bytes.substr(0, length))];
  if (place.bytes != length) return std::nullopt;
  if (std::memcmp(place.text.data(), bytes.data(), length) != 0) return std::nullopt;
  Known known{place.head, length};
  const Move move(place.text.data(), bytes.data());
  move(known.head);
  const auto fields = arena.create_span_uninitialized<HttpField>(place.head.fields.size());
  move(place.head.fields, fields.data());
  known.head.fields = fields;
  return known;
}

void HeadMemo::keep(std::string_view bytes, const RequestHead& head) {
  if (bytes.size() > kHeadBytesMax || head.fields.size() > kFieldsMax) return;
  for (const std::string_view view :
       {head.path, head.query, head.host, head.content_encoding, head.accept, head.user_agent}) {
    if (!lies_in(view, bytes)) return;
  }
  for (const HttpField& field : head.fields) {
    if (!lies_in(field.name, bytes) || !lies_in(field.value, bytes)) return;
  }
  Place& place = places_[index_of(bytes)];
  place.bytes = bytes.size();
  std::memcpy(place.text.data(), bytes.data(), bytes.size());
  place.head = head;
  const Move move(bytes.data(), place.text.data());
  move(place.head);
  move(head.fields, place.fields.data());
  place.head.fields = std::span(place.fields).first(head.fields.size());
}

}  // namespace logboom::server
