#include "ngsi/context_resolution.hpp"

#include <algorithm>

namespace cityloom::ngsi {
namespace {

bool ends_like_prefix(std::string_view iri) {
  return !iri.empty() && std::string_view(":/?#[]@").find(iri.back()) != std::string_view::npos;
}

}  // namespace

base::Error ContextResolution::bad(std::string what, std::string_view term) const {
  std::string where = "@context";
  if (!open_urls_.empty()) where += " " + open_urls_.back();
  if (!term.empty()) where += " " + std::string(term.substr(0, 100));
  return base::fail(base::Code::invalid, std::move(what), std::move(where));
}

base::Status ContextResolution::add(Element value) {
  if (value.is_null()) {
    // JSON-LD: null forgets the contexts before it.
    terms_.clear();
    vocabulary_ = default_vocabulary;
    return {};
  }
  if (value.is_string()) return add_document(value.get_string());
  if (value.is_object()) return add_object(value);
  if (!value.is_array()) return bad("a @context is a URL, an object or a list of them", "");
  // Before any is fetched: what is no context is so whatever the others turn out to be.
  for (const Element item : simdjson::dom::array(value)) {
    const bool may_be = item.is_null() || item.is_string() || item.is_object() || item.is_array();
    if (!may_be) return bad("a @context is a URL, an object or a list of them", "");
  }
  for (const Element item : simdjson::dom::array(value)) {
    if (base::Status status = add(item); !status) return status;
  }
  return {};
}

base::Status ContextResolution::add_document(std::string_view url) {
  if (is_core_context_url(url)) return {};
  if (!url.starts_with("http://") && !url.starts_with("https://")) {
    return bad("the URL of a @context must begin with http:// or https://", url);
  }
  const std::string name(url);
  if (std::find(open_urls_.begin(), open_urls_.end(), name) != open_urls_.end()) {
    return base::fail(base::Code::too_complex, "contexts name each other in a circle", "@context " + name);
  }
  if (open_urls_.size() >= limits_.depth_max || documents_ >= limits_.documents_max) {
    return base::fail(base::Code::too_complex, "contexts name too many further contexts", "@context " + name);
  }
  ++documents_;
  const auto text = text_of_(name);
  if (!text) return text.error();

  simdjson::dom::parser parser;
  Element document;
  Element inner;
  if (parser.parse(*text).get(document) != simdjson::SUCCESS || document["@context"].get(inner) != simdjson::SUCCESS) {
    return bad("the document is no JSON object with a member \"@context\"", url);
  }
  open_urls_.push_back(name);
  base::Status status = add(inner);
  open_urls_.pop_back();
  return status;
}

base::Status ContextResolution::set_vocabulary(Element value) {
  // It serves the definitions that follow; the core context's own @vocab comes last and decides about names.
  if (value.is_null()) {
    vocabulary_ = default_vocabulary;
    return {};
  }
  if (!value.is_string()) return bad("@vocab must be a string or null", "@vocab");
  auto iri = expand(value.get_string(), true);
  if (!iri) return iri.error();
  vocabulary_ = std::move(*iri);
  return {};
}

base::Status ContextResolution::add_object(Object object) {
  members_.clear();
  defined_here_.clear();
  for (const auto member : object) members_.insert_or_assign(member.key, member.value);
  if (members_.contains("@import")) return bad("@import is not supported", "@import");
  if (const auto vocabulary = members_.find("@vocab"); vocabulary != members_.end()) {
    if (base::Status status = set_vocabulary(vocabulary->second); !status) return status;
  }
  for (const auto& [term, value] : members_) {
    if (term.starts_with('@') || defined_here_.contains(term)) continue;
    if (base::Status status = define(term, value); !status) return status;
  }
  for (auto& [term, definition] : defined_here_) terms_[term] = std::move(definition);
  members_.clear();
  defined_here_.clear();
  if (terms_.size() > limits_.terms_max) {
    return base::fail(base::Code::too_large, "more than " + std::to_string(limits_.terms_max) + " terms", "@context");
  }
  return {};
}

base::Status ContextResolution::define(std::string_view term, Element value) {
  if (term.empty() || term.size() > 2'048) return bad("a term has from 1 to 2,048 bytes", term);
  if (std::find(open_terms_.begin(), open_terms_.end(), term) != open_terms_.end()) {
    return bad("terms are defined by each other in a circle", term);
  }
  if (open_terms_.size() >= 32) return bad("a term is defined by too many others", term);
  open_terms_.push_back(term);
  base::Status status;
  if (value.is_null()) {
    defined_here_[std::string(term)] = {};
  } else if (value.is_string()) {
    auto iri = expand(value.get_string(), true);
    if (iri) {
      const bool is_prefix = term.find(':') == std::string_view::npos && ends_like_prefix(*iri);
      defined_here_[std::string(term)] = {std::move(*iri), Coercion::none, is_prefix};
    } else {
      status = iri.error();
    }
  } else if (value.is_object()) {
    status = define_expanded(term, value);
  } else {
    status = bad("a term is defined by an IRI, an object or null", term);
  }
  open_terms_.pop_back();
  return status;
}

base::Status ContextResolution::define_expanded(std::string_view term, Object definition) {
  if (definition["@context"].error() == simdjson::SUCCESS) {
    return bad("a user @context must not hold scoped contexts", term);
  }
  if (definition["@reverse"].error() == simdjson::SUCCESS) return bad("reverse properties have no use here", term);
  TermDefinition made;
  Element id;
  if (definition["@id"].get(id) != simdjson::SUCCESS) {
    if (term.find(':') != std::string_view::npos) {
      auto iri = expand(term, false);
      if (!iri) return iri.error();
      made.iri = std::move(*iri);
    } else {
      made.iri = vocabulary_ + std::string(term);
    }
  } else if (id.is_string()) {
    auto iri = expand(id.get_string(), true);
    if (!iri) return iri.error();
    made.iri = std::move(*iri);
  } else if (!id.is_null()) {
    return bad("@id must be a string", term);
  }
  auto coercion = coercion_of(term, definition);
  if (!coercion) return coercion.error();
  made.coercion = *coercion;
  bool is_prefix = false;
  if (definition["@prefix"].get(is_prefix) == simdjson::SUCCESS) made.is_prefix = is_prefix;
  defined_here_[std::string(term)] = std::move(made);
  return {};
}

base::Result<Coercion> ContextResolution::coercion_of(std::string_view term, Object definition) const {
  Element container;
  if (definition["@container"].get(container) == simdjson::SUCCESS) {
    if (container.is_array()) {
      const simdjson::dom::array containers = container;
      if (containers.size() == 0) return bad("@container is empty", term);
      container = containers.at(0);
    }
    std::string_view name;
    if (container.get(name) != simdjson::SUCCESS) return bad("@container must be a keyword", term);
    if (name == "@list") return Coercion::list;
    if (name == "@language") return Coercion::language;
    if (name == "@set") return Coercion::set;
    if (name == "@index") return Coercion::index;
    if (name != "@id" && name != "@type" && name != "@graph") return bad("@container is no container keyword", term);
    return Coercion::none;
  }
  Element type;
  if (definition["@type"].get(type) != simdjson::SUCCESS) return Coercion::none;
  std::string_view name;
  if (type.get(name) != simdjson::SUCCESS) return bad("@type must be a string", term);
  if (name == "@id") return Coercion::id;
  if (name == "@vocab") return Coercion::vocab;
  if (name == "@json") return Coercion::json;
  if (name == "@none") return Coercion::none;
  return Coercion::datatype;
}

base::Result<const TermDefinition*> ContextResolution::definition_of(std::string_view term) {
  const auto member = members_.find(term);
  const bool is_being_defined = !open_terms_.empty() && open_terms_.back() == term;
  if (member != members_.end() && !is_being_defined && !defined_here_.contains(term)) {
    if (base::Status status = define(term, member->second); !status) return status.error();
  }
  if (const auto here = defined_here_.find(term); here != defined_here_.end()) return &here->second;
  if (const auto before = terms_.find(term); before != terms_.end()) return &before->second;
  return find_core_term(term);
}

base::Result<std::string> ContextResolution::expand(std::string_view name, bool against_vocabulary) {
  if (name.starts_with('@')) {
    if (name == "@id" || name == "@type") return std::string(name);
    return bad("a term may stand for @id or @type, for no other keyword", name);
  }
  const size_t colon = name.find(':');
  if (colon == std::string_view::npos) {
    const auto definition = definition_of(name);
    if (!definition) return definition.error();
    if (*definition != nullptr) return (*definition)->iri;
    return against_vocabulary ? vocabulary_ + std::string(name) : std::string(name);
  }
  const std::string_view prefix = name.substr(0, colon);
  const std::string_view rest = name.substr(colon + 1);
  if (!rest.starts_with("//") && !prefix.empty() && prefix != "_") {
    const auto definition = definition_of(prefix);
    if (!definition) return definition.error();
    if (*definition != nullptr && !(*definition)->iri.empty()) return (*definition)->iri + std::string(rest);
  }
  return std::string(name);
}

}  // namespace cityloom::ngsi
