#include "ngsi/names.hpp"

#include "ngsi/json.hpp"

namespace cityloom::ngsi {

Names::Names(ContextPointer context, const twin::TermTable& terms)
    : context_(std::move(context)),
      terms_(terms),
      chunks_(new std::atomic<Chunk*>[chunks_max]()),
      none_{"\"\"", "\"\""} {}

Names::~Names() {
  for (size_t i = 0; i < chunks_max; ++i) {
    const Chunk* chunk = chunks_[i].load(std::memory_order_relaxed);
    if (chunk == nullptr) continue;
    for (const auto& name : chunk->names) delete name.load(std::memory_order_relaxed);
    delete chunk;
  }
}

const Names::Name& Names::name(twin::Term term) const {
  const size_t chunk_index = term.number / chunk_names;
  if (!term.exists() || chunk_index >= chunks_max) return none_;
  if (const Chunk* chunk = chunks_[chunk_index].load(std::memory_order_acquire)) {
    if (const Name* known = chunk->names[term.number % chunk_names].load(std::memory_order_acquire)) return *known;
  }
  return make(term);
}

const Names::Name& Names::make(twin::Term term) const {
  auto made = std::make_unique<Name>();
  const std::string_view text = terms_.text(term);
  append_quoted(context_->compact(text), made->quoted);
  append_quoted(text, made->quoted_text);

  const std::lock_guard lock(mutex_);
  std::atomic<Chunk*>& chunk = chunks_[term.number / chunk_names];
  if (chunk.load(std::memory_order_relaxed) == nullptr) chunk.store(new Chunk, std::memory_order_release);
  std::atomic<const Name*>& place = chunk.load(std::memory_order_relaxed)->names[term.number % chunk_names];
  if (const Name* known = place.load(std::memory_order_relaxed)) return *known;
  place.store(made.get(), std::memory_order_release);
  return *made.release();
}

std::string_view Names::quoted(twin::Term term) const {
  return name(term).quoted;
}

std::string_view Names::quoted_text(twin::Term term) const {
  return name(term).quoted_text;
}

NamesPointer NameBook::of(const ContextPointer& context) {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(context.get());
  if (found != entries_.end()) {
    order_.splice(order_.end(), order_, found->second.place);
    return found->second.names;
  }
  // The Names hold their context, so its address stays taken as long as the entry is there.
  order_.push_back(context.get());
  auto names = std::make_shared<const Names>(context, terms_);
  entries_.emplace(context.get(), Entry{names, std::prev(order_.end())});
  if (entries_.size() > contexts_max_) {
    entries_.erase(order_.front());
    order_.pop_front();
  }
  return names;
}

}  // namespace cityloom::ngsi
