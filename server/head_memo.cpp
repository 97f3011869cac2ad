#include "server/head_memo.hpp"

#include <array>
#include <cstring>
#include <functional>
#include <utility>

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

// The same bytes in another text.
std::string_view moved(std::string_view view, const char* from, const char* to) noexcept {
  return view.empty() ? view : std::string_view(to + (view.data() - from), view.size());
}

// Copies a head, with its fields to `fields`, and in place of each view what `move` makes of it.
template <class Move>
void copy_head(const RequestHead& head, RequestHead& copy, HttpField* fields, Move move) {
  copy = head;
  for (std::string_view* const view : copy.views()) *view = move(*view);
  copy.fields = {fields, head.fields.size()};
  for (const HttpField& field : head.fields) {
    fields->name = move(field.name);
    fields->value = move(field.value);
    ++fields;
  }
}

}  // namespace

struct HeadMemo::Place {
  // Whether `received` begins with this head.
  [[nodiscard]] bool begins(std::string_view received) const noexcept {
    return bytes != 0 && received.size() >= bytes &&
           std::memcmp(text.data(), received.data(), bytes) == 0;
  }

  std::size_t bytes = 0;  // 0 for none
  RequestHead head;       // its views lie in `text`
  std::array<HttpField, kFieldsMax> fields;
  std::array<char, kHeadBytesMax> text;
};

HeadMemo::HeadMemo() : places_(kPlaces) {}

HeadMemo::~HeadMemo() = default;

void HeadMemo::forget() noexcept {
  for (Place& place : places_) place.bytes = 0;
}

std::size_t HeadMemo::index_of(std::string_view bytes) noexcept {
  return XXH3_64bits(bytes.data(), bytes.size()) % kPlaces;
}

// The head found last is compared first: a head ends where it first can, so bytes that begin with
// one have no other.
const HeadMemo::Place* HeadMemo::place_of(std::string_view bytes) noexcept {
  if (places_[latest_].begins(bytes)) return &places_[latest_];
  const std::size_t length = head_length(bytes);
  if (length == 0) return nullptr;
  const std::size_t index = index_of(bytes.substr(0, length));
  if (!places_[index].begins(bytes)) return nullptr;
  latest_ = index;
  return &places_[index];
}

std::optional<HeadMemo::Known> HeadMemo::find(std::string_view bytes, arena::Arena& arena) {
  const Place* const place = place_of(bytes);
  if (place == nullptr) return std::nullopt;
  std::optional<Known> known(std::in_place);
  known->bytes = place->bytes;
  const auto fields = arena.create_span_uninitialized<HttpField>(place->head.fields.size());
  copy_head(place->head, known->head, fields.data(),
            [from = place->text.data(), to = bytes.data()](std::string_view view) {
              return moved(view, from, to);
            });
  return known;
}

void HeadMemo::keep(std::string_view bytes, const RequestHead& head) {
  if (bytes.size() > kHeadBytesMax || head.fields.size() > kFieldsMax) return;
  Place& place = places_[index_of(bytes)];
  std::memcpy(place.text.data(), bytes.data(), bytes.size());
  bool whole = true;
  copy_head(head, place.head, place.fields.data(), [&](std::string_view view) {
    whole &= lies_in(view, bytes);
    return whole ? moved(view, bytes.data(), place.text.data()) : std::string_view();
  });
  place.bytes = whole ? bytes.size() : 0;
}

}  // namespace logboom::server
