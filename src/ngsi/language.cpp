// The language filter (clause 4.15): which text of a languageMap suits a preference best.
#include <simdjson.h>

#include <algorithm>
#include <charconv>

#include "ngsi/attribute_writer.hpp"
#include "ngsi/body_parts.hpp"

namespace cityloom::ngsi {
namespace {

struct Range {
  std::string_view tag;
  double quality = 1;
};

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

// "fr-CH,fr;q=0.9,*;q=0.5", the best first; equal ones as they stand.
std::vector<Range> ranges_of(std::string_view preference) {
  std::vector<Range> ranges;
  while (!preference.empty() && ranges.size() < 32) {
    const size_t comma = std::min(preference.find(','), preference.size());
    std::string_view one = trimmed(preference.substr(0, comma));
    preference.remove_prefix(std::min(comma + 1, preference.size()));
    Range range;
    const size_t semicolon = one.find(';');
    range.tag = trimmed(one.substr(0, semicolon));
    if (semicolon != std::string_view::npos) {
      const std::string_view quality = trimmed(one.substr(semicolon + 1));
      if (quality.starts_with("q="))
        std::from_chars(quality.data() + 2, quality.data() + quality.size(), range.quality);
    }
    if (!range.tag.empty() && range.quality > 0) ranges.push_back(range);
  }
  std::stable_sort(ranges.begin(), ranges.end(),
                   [](const Range& left, const Range& right) { return left.quality > right.quality; });
  return ranges;
}

bool same_text(std::string_view left, std::string_view right) {
  return std::equal(left.begin(), left.end(), right.begin(), right.end(), [](char one, char other) {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
    return lower(one) == lower(other);
  });
}

using Element = simdjson::dom::element;

struct Entry {
  std::string_view tag;
  Element text;
};

const Entry* find_exact(const std::vector<Entry>& entries, std::string_view tag) {
  const auto found =
      std::find_if(entries.begin(), entries.end(), [&](const Entry& entry) { return same_text(entry.tag, tag); });
  return found == entries.end() ? nullptr : &*found;
}

// RFC 4647: the tag itself, then shorter forms of it; then anything that begins with it.
const Entry* find_for(const std::vector<Entry>& entries, std::string_view tag) {
  for (std::string_view shorter = tag; !shorter.empty();
       shorter = shorter.substr(0, shorter.find('-') == std::string_view::npos ? 0 : shorter.rfind('-'))) {
    if (const Entry* entry = find_exact(entries, shorter)) return entry;
  }
  for (const Entry& entry : entries) {
    if (entry.tag.size() > tag.size() && entry.tag[tag.size()] == '-' &&
        same_text(entry.tag.substr(0, tag.size()), tag)) {
      return &entry;
    }
  }
  return nullptr;
}

}  // namespace

LanguageChoice choose_language(std::string_view language_map_json, std::string_view preference) {
  simdjson::dom::parser parser;
  simdjson::dom::object tags;
  std::vector<Entry> entries;
  if (parser.parse(simdjson::padded_string(language_map_json)).get(tags) == simdjson::SUCCESS) {
    for (const auto [tag, text] : tags) entries.push_back({tag, text});
  }
  if (entries.empty()) return {"@none", "\"\""};
  const Entry* chosen = nullptr;
  const Entry* const none = find_exact(entries, "@none");
  for (const Range& range : ranges_of(preference)) {
    chosen = range.tag == "*" ? (none != nullptr ? none : &entries.front()) : find_for(entries, range.tag);
    if (chosen != nullptr) break;
  }
  if (chosen == nullptr) chosen = none != nullptr ? none : &entries.front();
  return {std::string(chosen->tag), compact_json(chosen->text)};
}

}  // namespace cityloom::ngsi
