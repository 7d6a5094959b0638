#include "ngsi/context.hpp"

namespace cityloom::ngsi {
namespace {

// JSON-LD prefers the shorter term, then the first in order.
bool is_better(std::string_view candidate, std::string_view present) {
  return candidate.size() != present.size() ? candidate.size() < present.size() : candidate < present;
}

}  // namespace

Context::Context(Terms user_terms, std::string json, std::string link)
    : user_terms_(std::move(user_terms)), json_(std::move(json)), link_(std::move(link)) {
  std::erase_if(user_terms_, [](const auto& entry) { return find_core_term(entry.first) != nullptr; });
  for (const auto& [term, definition] : user_terms_) {
    if (definition.iri.empty() || definition.iri.starts_with('@')) continue;
    auto [place, is_new] = term_of_iri_.emplace(definition.iri, term);
    if (!is_new && is_better(term, place->second)) place->second = term;
    if (definition.is_prefix) prefixes_.push_back({definition.iri, term});
  }
  for (const char* term : {"ngsi-ld", "geojson"}) prefixes_.push_back({find_core_term(term)->iri, term});
}

std::shared_ptr<const Context> Context::core() {
  static const auto context = std::make_shared<const Context>(Terms{}, '"' + std::string(core_context_url) + '"',
                                                              std::string(core_context_url));
  return context;
}

const TermDefinition* Context::find(std::string_view term) const {
  if (const TermDefinition* core = find_core_term(term)) return core;
  const auto found = user_terms_.find(term);
  return found == user_terms_.end() ? nullptr : &found->second;
}

std::string Context::expand(std::string_view name) const {
  if (name.empty() || name.starts_with('@')) return {};
  if (const TermDefinition* definition = find(name)) {
    return definition->iri.starts_with('@') ? std::string() : definition->iri;
  }
  const size_t colon = name.find(':');
  if (colon == std::string_view::npos) return std::string(default_vocabulary).append(name);
  const std::string_view prefix = name.substr(0, colon);
  const std::string_view rest = name.substr(colon + 1);
  if (prefix != "_" && !rest.starts_with("//")) {
    const TermDefinition* definition = find(prefix);
    if (definition != nullptr && definition->is_prefix) return definition->iri + std::string(rest);
  }
  return std::string(name);
}

std::string Context::compact_with_prefix(std::string_view iri) const {
  std::string best;
  for (const Prefix& prefix : prefixes_) {
    if (iri.size() <= prefix.iri.size() || !iri.starts_with(prefix.iri)) continue;
    std::string candidate = prefix.term + ':' + std::string(iri.substr(prefix.iri.size()));
    if ((best.empty() || is_better(candidate, best)) && find(candidate) == nullptr && expand(candidate) == iri) {
      best = std::move(candidate);
    }
  }
  return best;
}

std::string Context::compact(std::string_view iri) const {
  const std::string_view core_term = find_core_term_of(iri);
  if (!core_term.empty()) return std::string(core_term);
  if (const auto term = term_of_iri_.find(iri); term != term_of_iri_.end()) return term->second;
  if (iri.size() > default_vocabulary.size() && iri.starts_with(default_vocabulary)) {
    const std::string_view rest = iri.substr(default_vocabulary.size());
    // A term of this name would mean something else to the reader.
    if (expand(rest) == iri) return std::string(rest);
  }
  std::string compacted = compact_with_prefix(iri);
  return compacted.empty() ? std::string(iri) : compacted;
}

}  // namespace cityloom::ngsi
