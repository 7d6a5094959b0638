// Content negotiation and Link headers, read by hand: small grammars, bounded by the header's own limit.
#include "serve/ngsi/media.hpp"

#include <algorithm>

#include "serve/ngsi/text.hpp"
#include "serve/request.hpp"

namespace cityloom::serve::ngsi_ld {
namespace {

using base::Code;
using base::fail;

constexpr std::string_view context_relation = "http://www.w3.org/ns/json-ld#context";

std::string_view trimmed(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

// Cuts off what stands before the separator, but not within quotes or angle brackets.
std::string_view next_part(std::string_view& rest, char separator) {
  bool quoted = false, bracketed = false;
  size_t at = 0;
  for (; at < rest.size(); ++at) {
    const char c = rest[at];
    if (c == '"' && !bracketed) quoted = !quoted;
    if (c == '<' && !quoted) bracketed = true;
    if (c == '>' && !quoted) bracketed = false;
    if (c == separator && !quoted && !bracketed) break;
  }
  const std::string_view part = trimmed(rest.substr(0, at));
  rest = at < rest.size() ? rest.substr(at + 1) : std::string_view{};
  return part;
}

struct Parameter {
  std::string_view name, value;
};

Parameter parameter_of(std::string_view text) {
  const size_t equals = text.find('=');
  if (equals == std::string_view::npos) return {text, {}};
  std::string_view value = trimmed(text.substr(equals + 1));
  if (value.size() >= 2 && value.front() == '"' && value.back() == '"') value = value.substr(1, value.size() - 2);
  return {trimmed(text.substr(0, equals)), value};
}

struct Range {
  std::string_view type;
  double weight = 1;
  int specificity = 0;
};

int specificity_of(std::string_view range, Media media) {
  if (same_without_case(range, name_of(media))) return 3;
  if (same_without_case(range, "application/*")) return 2;
  return range == "*/*" ? 1 : 0;
}

}  // namespace

std::string_view name_of(Media media) {
  switch (media) {
    case Media::json:
      return "application/json";
    case Media::ld_json:
      return "application/ld+json";
    case Media::geo_json:
      return "application/geo+json";
  }
  return {};
}

std::optional<Media> negotiate(std::string_view accept, const std::vector<Media>& offered) {
  if (trimmed(accept).empty()) return offered.front();
  if (accept == "*/*") return offered.front();
  std::vector<Range> ranges;
  while (!accept.empty()) {
    std::string_view entry = next_part(accept, ',');
    if (entry.empty()) continue;
    Range range{next_part(entry, ';'), 1, 0};
    while (!entry.empty()) {
      const Parameter parameter = parameter_of(next_part(entry, ';'));
      if (!same_without_case(parameter.name, "q")) continue;
      const auto weight = number_of<double>(parameter.value);
      // What is no weight says nothing of how much a kind is wanted.
      if (weight && *weight >= 0 && *weight <= 1) range.weight = *weight;
    }
    ranges.push_back(range);
  }
  std::optional<Media> best;
  double best_weight = 0;
  for (const Media media : offered) {
    // The most specific range that fits tells the weight of a kind.
    int specificity = 0;
    double weight = 0;
    for (const Range& range : ranges) {
      const int fits = specificity_of(range.type, media);
      if (fits > specificity) {
        specificity = fits;
        weight = range.weight;
      }
    }
    if (weight > best_weight) {
      best = media;
      best_weight = weight;
    }
  }
  return best;
}

std::optional<Media> body_media(std::string_view content_type, bool patch) {
  std::string_view rest = content_type;
  const std::string_view type = next_part(rest, ';');
  while (!rest.empty()) {
    const Parameter parameter = parameter_of(next_part(rest, ';'));
    if (same_without_case(parameter.name, "charset") && !same_without_case(parameter.value, "utf-8")) return {};
  }
  if (same_without_case(type, "application/json")) return Media::json;
  if (same_without_case(type, "application/ld+json")) return Media::ld_json;
  if (patch && same_without_case(type, "application/merge-patch+json")) return Media::json;
  return {};
}

base::Result<std::optional<std::string>> context_link(std::string_view link) {
  std::optional<std::string> found;
  while (!link.empty()) {
    std::string_view entry = next_part(link, ',');
    if (entry.empty()) continue;
    const std::string_view target = next_part(entry, ';');
    bool is_context = false;
    while (!entry.empty()) {
      const Parameter parameter = parameter_of(next_part(entry, ';'));
      if (same_without_case(parameter.name, "rel") && parameter.value == context_relation) is_context = true;
    }
    if (!is_context) continue;
    if (target.size() < 3 || target.front() != '<' || target.back() != '>') {
      return fail(Code::invalid, "the Link header must name the context as <URL>", "Link");
    }
    if (found)
      return fail(Code::invalid, "the Link header names more than one context", "Link", "host one that combines them");
    found = std::string(target.substr(1, target.size() - 2));
  }
  return found;
}

std::string link_to_context(std::string_view url) {
  std::string value = "<";
  value += url;
  value += ">; rel=\"";
  value += context_relation;
  value += "\"; type=\"application/ld+json\"";
  return value;
}

}  // namespace cityloom::serve::ngsi_ld
