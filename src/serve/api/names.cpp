// Folding of names by Unicode, and reading them from entities.
#include "serve/api/names.hpp"

#include <cwctype>

#include "serve/json.hpp"
#include "twin/packed.hpp"

namespace cityloom::serve {
namespace {

/// The next code point of valid UTF-8, moving `at` past it.
char32_t next_code_point(std::string_view text, size_t& at) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(i < text.size() ? text[i] : 0); };
  const unsigned char lead = byte(at);
  const size_t length = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  char32_t code = length == 1 ? lead : lead & (0xFFu >> (length + 1));
  for (size_t i = 1; i < length; ++i) code = (code << 6) | (byte(at + i) & 0x3Fu);
  at += length;
  return code;
}

void append_code_point(char32_t code, std::string& to) {
  if (code < 0x80) {
    to += static_cast<char>(code);
  } else if (code < 0x800) {
    to += {static_cast<char>(0xC0 | (code >> 6)), static_cast<char>(0x80 | (code & 0x3F))};
  } else if (code < 0x10000) {
    to += {static_cast<char>(0xE0 | (code >> 12)), static_cast<char>(0x80 | ((code >> 6) & 0x3F)),
           static_cast<char>(0x80 | (code & 0x3F))};
  } else {
    to += {static_cast<char>(0xF0 | (code >> 18)), static_cast<char>(0x80 | ((code >> 12) & 0x3F)),
           static_cast<char>(0x80 | ((code >> 6) & 0x3F)), static_cast<char>(0x80 | (code & 0x3F))};
  }
}

/// Case mapping by the C library's Unicode tables; "C.UTF-8" is part of it and needs no installed locale.
char32_t lower(char32_t code) {
  if (code < 0x80) return code >= 'A' && code <= 'Z' ? code + 32 : code;
  static const locale_t locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
  return locale == nullptr ? code : static_cast<char32_t>(towlower_l(static_cast<wint_t>(code), locale));
}

/// Puts a Hangul part together with what stands before it, as Unicode's composition does (chapter 3.12): names typed
/// on some systems come in parts. 0 if they do not belong together.
char32_t composed(char32_t before, char32_t part) {
  constexpr char32_t syllables = 0xAC00, leads = 0x1100, vowels = 0x1161, tails = 0x11A7;
  if (before >= leads && before < leads + 19 && part >= vowels && part < vowels + 21) {
    return syllables + ((before - leads) * 21 + (part - vowels)) * 28;
  }
  const bool open_syllable = before >= syllables && before < syllables + 11'172 && (before - syllables) % 28 == 0;
  if (open_syllable && part > tails && part < tails + 28) return before + (part - tails);
  return 0;
}

}  // namespace

std::string folded(std::string_view text) {
  std::string result;
  char32_t last = 0;
  size_t last_at = 0;  // where `last` begins in the result
  for (size_t at = 0; at < text.size();) {
    char32_t code = lower(next_code_point(text, at));
    if (code < 0x20 || code == 0x3000 || code == 0xA0) code = ' ';
    if (code == ' ' && (last == ' ' || last == 0)) continue;
    if (const char32_t whole = composed(last, code); whole != 0) {
      result.resize(last_at);
      code = whole;
    }
    last = code;
    last_at = result.size();
    append_code_point(code, result);
  }
  if (result.ends_with(' ')) result.pop_back();
  return result;
}

std::optional<int> fit(std::string_view names, std::string_view text) {
  std::optional<int> best;
  for (size_t at = names.find(text); at != std::string_view::npos; at = names.find(text, at + 1)) {
    const size_t end = at + text.size();
    const char before = at == 0 ? '\n' : names[at - 1];
    const bool ends = end == names.size() || names[end] == '\n';
    const bool in_word = (before >= 'a' && before <= 'z') || (before >= '0' && before <= '9') || (before & 0x80) != 0;
    const int rank = before == '\n' ? (ends ? 0 : 1) : in_word ? 3 : 2;
    if (!best || rank < *best) best = rank;
    if (rank <= 1) break;
  }
  return best;
}

bool NameReader::is_name(twin::Term term) {
  const auto [known, is_new] = is_name_.try_emplace(term.number);
  if (is_new) {
    const std::string_view name = short_name(terms_.text(term));
    known->second = name == "name" || name == "title" || name == "alternateName";
  }
  return known->second;
}

std::string NameReader::folded_names(const twin::EntityRecord& record, std::string& name) {
  std::string names;
  const auto add = [&](std::string_view one, bool show) {
    if (one.empty()) return;
    if (!names.empty()) names += '\n';
    names += folded(one);
    if (show || name.empty()) name = one;
  };
  twin::PackedAttributes all(record.attributes_bytes());
  twin::AttributeView view;
  for (twin::InstanceKey key; all.next(key);) {
    if (!is_name(key.name) || !twin::read_attribute(all.last_bytes(), view)) continue;
    if (view.value_kind == twin::AttributeView::ValueKind::string) add(view.text, false);
    const bool by_languages =
        view.value_kind == twin::AttributeView::ValueKind::json && view.kind == twin::AttributeKind::language_property;
    simdjson::dom::object languages;
    if (!by_languages || parser_.parse(view.text.data(), view.text.size()).get(languages) != simdjson::SUCCESS)
      continue;
    for (const auto [language, value] : languages) {
      std::string_view text;
      if (value.get(text) == simdjson::SUCCESS) add(text, language == "@none");
      if (simdjson::dom::array several; value.get(several) == simdjson::SUCCESS) {
        for (const auto each : several) {
          if (each.get(text) == simdjson::SUCCESS) add(text, false);
        }
      }
    }
  }
  return names;
}

PlaceFound NameReader::place(const twin::EntityRecord& record, std::string* names) {
  PlaceFound place;
  place.id = record.id();
  const auto types = record.types();
  if (!types.empty()) place.type = types.front();
  std::string all = folded_names(record, place.name);
  if (names != nullptr) *names = std::move(all);
  record.each_attribute(twin::terms::location, [&](const twin::Attribute& attribute) {
    if (const auto* geometry = std::get_if<twin::Geometry>(&attribute.value)) place.centre = twin::centre_of(*geometry);
    return !place.centre;
  });
  return place;
}

}  // namespace cityloom::serve
