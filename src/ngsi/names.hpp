// The names of one tenant's terms as one context writes them, ready to be copied into an answer.
#pragma once

#include <array>
#include <atomic>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "ngsi/context.hpp"
#include "twin/term.hpp"

namespace cityloom::ngsi {

/// Compacted, JSON-quoted names by term. Any worker may call; a name asked before costs two loads, a new one a
/// compaction under a lock. The term table must outlive it.
class Names {
 public:
  Names(ContextPointer context, const twin::TermTable& terms);
  ~Names();
  Names(const Names&) = delete;
  Names& operator=(const Names&) = delete;

  /// The compacted name in quotes, escaped as JSON: "\"temperature\"". Valid as long as this object.
  std::string_view quoted(twin::Term term) const;

  /// The term's own text in quotes, escaped as JSON, not compacted: for dataset ids and units.
  std::string_view quoted_text(twin::Term term) const;

  const Context& context() const { return *context_; }
  const twin::TermTable& terms() const { return terms_; }

 private:
  static constexpr size_t chunk_names = 4'096;
  static constexpr size_t chunks_max = 4'096;
  struct Name {
    std::string quoted;
    std::string quoted_text;
  };
  struct Chunk {
    std::array<std::atomic<const Name*>, chunk_names> names{};
  };
  const Name& name(twin::Term term) const;
  const Name& make(twin::Term term) const;

  ContextPointer context_;
  const twin::TermTable& terms_;
  mutable std::mutex mutex_;
  std::unique_ptr<std::atomic<Chunk*>[]> chunks_;
  Name none_;
};
using NamesPointer = std::shared_ptr<const Names>;

/// The Names of one tenant, by context; the longest unused goes when there are more than `contexts_max`. Any worker.
class NameBook {
 public:
  explicit NameBook(const twin::TermTable& terms, size_t contexts_max = 64)
      : terms_(terms), contexts_max_(contexts_max) {}

  /// The names for a context; the same object as long as it is kept.
  NamesPointer of(const ContextPointer& context);

 private:
  struct Entry {
    NamesPointer names;
    std::list<const Context*>::iterator place;
  };
  const twin::TermTable& terms_;
  size_t contexts_max_;
  std::mutex mutex_;
  std::map<const Context*, Entry> entries_;
  std::list<const Context*> order_;
};

}  // namespace cityloom::ngsi
