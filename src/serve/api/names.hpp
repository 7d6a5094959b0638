// Names of entities as they are shown and compared.
#pragma once

#include <simdjson.h>

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "twin/entity.hpp"
#include "twin/term.hpp"

namespace cityloom::serve {

/// One entity as a search tells it.
struct PlaceFound {
  std::string id;
  twin::Term type;   ///< its first
  std::string name;  ///< without language if there is one, else the first; may be empty
  std::optional<twin::Position> centre;
};

/// Text to compare names by: letters without case, Hangul composed of its parts, runs of space as one. Without control
/// characters.
std::string folded(std::string_view text);

/// How well a name fits a folded text, 0 the best: 0 equal, 1 begins, 2 a word begins, 3 somewhere; nothing if not at
/// all. `names` may be several, a line each.
std::optional<int> fit(std::string_view names, std::string_view text);

/// Reads the names of entities: attributes whose IRIs end in name, title or alternateName. The terms must outlive it.
/// Not for several workers at once. Cost: some 0.2 us an entity, 1 us with a LanguageProperty.
class NameReader {
 public:
  explicit NameReader(const twin::TermTable& terms) : terms_(terms) {}

  /// Whether a term names something.
  bool is_name(twin::Term term);

  /// All names of an entity, folded, a line each; empty if it has none. The one to show goes to `name`.
  std::string folded_names(const twin::EntityRecord& record, std::string& name);

  /// What a record is, as a search tells it; its folded names to `names` if given.
  PlaceFound place(const twin::EntityRecord& record, std::string* names = nullptr);

 private:
  const twin::TermTable& terms_;
  std::unordered_map<uint32_t, bool> is_name_;
  simdjson::dom::parser parser_;
};

}  // namespace cityloom::serve
