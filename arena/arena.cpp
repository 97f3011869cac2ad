#include "arena/arena.hpp"

#include <cstring>
#include <utility>

#include "arena/large_block_cache.hpp"

namespace logboom::arena {
namespace {

// Where an arena without chunks points: no room, but neither null nor misaligned.
alignas(kAlignmentMax) std::byte nowhere;

// Far above any memory there is, so that sums of sizes and headers cannot overflow.
constexpr std::size_t kRequestBytesMax = std::size_t{1} << 48;

constexpr std::size_t kRetainedChunks = 10;

// Heap mode takes what an arena of default chunks would put into its chunks as small.
std::size_t large_bytes_min(const ArenaOptions& options) {
  const ArenaOptions defaults;
  return (options.mode == ArenaMode::heap ? defaults : options).chunk_bytes / 2;
}

ArenaOptions completed(ArenaOptions options) {
  options.chunk_bytes = LargeBlockCache::block_bytes(options.chunk_bytes);
  options.retained_bytes = options.retained_bytes.value_or(kRetainedChunks * options.chunk_bytes);
  return options;
}

// An address that is a different one in each live thread.
const void* this_thread() noexcept {
  static thread_local const char token = 0;
  return &token;
}

}  // namespace

// The header of an allocation in heap mode; the memory follows it.
struct Arena::HeapBlock {
  HeapBlock* next;
  std::size_t bytes;  // with this header
};

Arena::Arena(const ArenaOptions& options, LargeBlockCache* large_blocks)
    : cursor_(&nowhere),
      limit_(&nowhere),
      chunk_begin_(&nowhere),
      large_blocks_(options.mode == ArenaMode::heap ? nullptr : large_blocks),
      options_(completed(options)) {}

Arena::~Arena() {
  hand_over();
  reset();
  leave_chunks();
  drop_chunks_above(0);
}

bool Arena::owned_by_this_thread() const noexcept {
  if (owner_ == nullptr) owner_ = this_thread();
  return owner_ == this_thread();
}

bool Arena::owned_by_another_thread() const noexcept {
  return owner_ != nullptr && owner_ != this_thread();
}

void Arena::refuse_length() {
  throw std::bad_array_new_length();
}

void* Arena::allocate_slow(std::size_t bytes, std::size_t alignment) {
  if (!belongs_in_chunk(bytes, alignment)) return allocate_large(bytes, alignment);
  if (options_.mode == ArenaMode::heap) return allocate_on_heap(bytes, alignment);
  enter_next_chunk();
  return allocate(bytes, alignment);
}

// Whatever does fits an empty chunk. Half of a chunk does at any alignment, for kAlignmentMax is at
// most the other half. The first request of all may be as large as a chunk: kept at reset, the
// chunk serves the same request in the next round too, without the cache.
bool Arena::belongs_in_chunk(std::size_t bytes, std::size_t alignment) const noexcept {
  if (bytes <= large_bytes_min(options_)) return true;
  if (current_ != nullptr || options_.mode == ArenaMode::heap) return false;
  const std::size_t offset = std::max(alignment, Block::kHeaderBytes);
  return bytes <= options_.chunk_bytes - offset;
}

void* Arena::allocate_large(std::size_t bytes, std::size_t alignment) {
  if (bytes > kRequestBytesMax) throw std::bad_alloc();
  Block* const block = make_large(bytes, alignment);
  block->next = large_;
  large_ = block;
  used_elsewhere_bytes_ += bytes;
  unpoison(block->large(), bytes);
  return block->large();
}

Block* Arena::make_large(std::size_t bytes, std::size_t alignment) {
  const std::size_t offset = std::max(alignment, Block::kHeaderBytes);
  Block* block = nullptr;
  if (options_.mode == ArenaMode::heap) {
    block = Block::make(offset + bytes, std::max(alignment, alignof(std::max_align_t)));
    capacity_bytes_ += block->bytes;
  } else {
    block = take_block(offset + bytes);
  }
  block->large_offset = static_cast<std::uint16_t>(offset);
  block->large_bytes = bytes;
  return block;
}

void* Arena::allocate_on_heap(std::size_t bytes, std::size_t alignment) {
  const std::size_t slack = alignment > alignof(std::max_align_t) ? alignment : 0;
  const std::size_t whole = sizeof(HeapBlock) + bytes + slack;
  heap_ = ::new (::operator new(whole)) HeapBlock{heap_, whole};
  used_elsewhere_bytes_ += bytes;
  capacity_bytes_ += whole;
  std::byte* const payload = aligned(reinterpret_cast<std::byte*>(heap_ + 1), alignment);
  poison(heap_ + 1, whole - sizeof(HeapBlock));
  unpoison(payload, bytes);
  return payload;
}

bool Arena::try_extend(const void* block, std::size_t old_bytes, std::size_t new_bytes) noexcept {
  assert(owned_by_this_thread());
  assert(old_bytes <= new_bytes);
  if (static_cast<const std::byte*>(block) + whole_granules(old_bytes) == cursor_) {
    std::byte* const start = cursor_ - whole_granules(old_bytes);
    if (new_bytes > static_cast<std::size_t>(limit_ - start)) return false;
    unpoison(start, new_bytes);
    cursor_ = start + whole_granules(new_bytes);
    return true;
  }
  Block** const link = find_large(block);
  if (link == nullptr) return false;
  Block& large = **link;
  if (new_bytes > static_cast<std::size_t>(large.end() - large.large())) return false;
  assert(large.large_bytes == old_bytes);
  unpoison(large.large(), new_bytes);
  large.large_bytes = new_bytes;
  used_elsewhere_bytes_ += new_bytes - old_bytes;
  return true;
}

// A request has few large blocks, so a walk finds one soonest.
Block** Arena::find_large(const void* block) noexcept {
  for (Block** link = &large_; *link != nullptr; link = &(*link)->next) {
    if ((*link)->large() == block) return link;
  }
  return nullptr;
}

bool Arena::release_large_slow(const void* block) noexcept {
  Block** const link = find_large(block);
  if (link == nullptr) return false;
  Block* const large = *link;
  *link = std::exchange(large->next, nullptr);
  retire_large(*large);
  give_back(large);
  return true;
}

Block* Arena::take_block(std::size_t bytes) {
  Block* const block = large_blocks_ != nullptr ? large_blocks_->take(bytes)
                                                : Block::make(LargeBlockCache::block_bytes(bytes));
  capacity_bytes_ += block->bytes;
  return block;
}

void Arena::give_back(Block* list) noexcept {
  for (const Block* block = list; block != nullptr; block = block->next) {
    capacity_bytes_ -= block->bytes;
  }
  if (large_blocks_ != nullptr) {
    large_blocks_->give_back(list);
  } else {
    Block::destroy(list);
  }
}

// All chunks are of one size and those behind the current one are empty, so the next one always
// serves what allocate_slow() enters it for; a new one is linked behind the last only.
void Arena::enter_next_chunk() {
  Block*& next = current_ != nullptr ? current_->next : chunks_;
  if (next == nullptr) next = take_block(options_.chunk_bytes);
  used_elsewhere_bytes_ += static_cast<std::size_t>(cursor_ - chunk_begin_);
  enter(next);
}

// The end follows from the size of all chunks: reset() need not wait for the chunk's cold header.
void Arena::enter(Block* chunk) noexcept {
  current_ = chunk;
  chunk_begin_ = cursor_ = chunk->begin();
  limit_ = reinterpret_cast<std::byte*>(chunk) + options_.chunk_bytes;
  assert(limit_ == chunk->end());
}

void Arena::leave_chunks() noexcept {
  current_ = nullptr;
  chunk_begin_ = cursor_ = limit_ = &nowhere;
}

void Arena::reset() noexcept {
  assert(owned_by_this_thread());
  if (large_ != nullptr) drop_large();
  if (heap_ != nullptr) drop_heap();
  if (kPoisons || options_.wipe_on_reset) retire_chunks();
  if (capacity_bytes_ > *options_.retained_bytes) drop_chunks_above(*options_.retained_bytes);
  used_elsewhere_bytes_ = 0;
  if (chunks_ != nullptr) {
    enter(chunks_);
  } else {
    leave_chunks();
  }
}

// Ends the use of memory that stays the arena's or goes back to the cache.
void Arena::retire(void* memory, std::size_t bytes) const noexcept {
  if (options_.wipe_on_reset) {
    unpoison(memory, bytes);
    ::explicit_bzero(memory, bytes);
  }
  poison(memory, bytes);
}

void Arena::retire_chunks() noexcept {
  if (current_ == nullptr) return;
  for (Block* chunk = chunks_; chunk != current_; chunk = chunk->next) {
    retire(chunk->begin(), chunk->bytes - Block::kHeaderBytes);
  }
  retire(chunk_begin_, static_cast<std::size_t>(cursor_ - chunk_begin_));
}

void Arena::retire_large(Block& block) const noexcept {
  retire(block.large(), block.large_bytes);
  block.large_bytes = 0;
}

// Keeps the first chunks, which the next request uses first, and hands on the others as one list.
void Arena::drop_chunks_above(std::size_t kept_bytes) noexcept {
  Block** link = &chunks_;
  while (*link != nullptr && (*link)->bytes <= kept_bytes) {
    kept_bytes -= (*link)->bytes;
    link = &(*link)->next;
  }
  give_back(std::exchange(*link, nullptr));
}

void Arena::drop_large() noexcept {
  for (Block* block = large_; block != nullptr; block = block->next) retire_large(*block);
  give_back(std::exchange(large_, nullptr));
}

void Arena::drop_heap() noexcept {
  while (heap_ != nullptr) {
    HeapBlock* const block = std::exchange(heap_, heap_->next);
    capacity_bytes_ -= block->bytes;
    unpoison(block, block->bytes);
    if (options_.wipe_on_reset) ::explicit_bzero(block + 1, block->bytes - sizeof(HeapBlock));
    ::operator delete(block);
  }
}

}  // namespace logboom::arena
