// JSON-LD contexts: what a short name means, and which short name says an IRI. ETSI GS CIM 009 clauses 4.4, 5.13, annex
// B.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace cityloom::ngsi {

inline constexpr std::string_view core_context_url = "https://uri.etsi.org/ngsi-ld/v1/ngsi-ld-core-context-v1.8.jsonld";
inline constexpr std::string_view default_vocabulary = "https://uri.etsi.org/ngsi-ld/default-context/";
inline constexpr std::string_view ngsi_ld_namespace = "https://uri.etsi.org/ngsi-ld/";

/// What a term's definition says of the values below it.
enum class Coercion : uint8_t { none, id, vocab, json, list, set, index, language, datatype };

/// One term of a context.
struct TermDefinition {
  std::string iri;  ///< absolute, or a keyword alias ("@id", "@type"); empty: the term means nothing
  Coercion coercion = Coercion::none;
  bool is_prefix = false;  ///< may stand before ':' in a compact IRI
  bool operator==(const TermDefinition&) const = default;
};

/// A resolved, immutable context: user contexts in their order, later ones overriding, and the core context last.
/// Any worker may use it. Made by `ContextSource`; held by shared pointer.
class Context {
 public:
  using Terms = std::map<std::string, TermDefinition, std::less<>>;

  /// `user_terms` as resolved, without the core; those that a core term shadows are dropped. `json` and `link` as
  /// below.
  Context(Terms user_terms, std::string json, std::string link);

  /// The core context alone.
  static std::shared_ptr<const Context> core();

  /// The IRI that an attribute name, type name or value of a vocabulary means: a term, a compact IRI (prefix:rest), an
  /// absolute IRI as it stands, else below the default vocabulary. A term defined as null, or a keyword, gives "".
  std::string expand(std::string_view name) const;

  /// The same for entity types: one rule serves both (JSON-LD expands either against the vocabulary).
  std::string expand_type(std::string_view name) const { return expand(name); }

  /// The shortest way to write an IRI so that `expand` gives it back: a term (shortest, then first in byte order), the
  /// rest after the default vocabulary unless a term shadows it, a compact IRI, else the IRI itself.
  std::string compact(std::string_view iri) const;

  /// The definition of a user's or core term, or nullptr.
  const TermDefinition* find(std::string_view term) const;

  /// The value for "@context" in an answer's body: as the client gave it, with the core context's URL added at the end
  /// of a list where it was missing. JSON text.
  const std::string& json() const { return json_; }

  /// The URL for the Link header of an answer: that of a context given as one URL (or a list of one), of the core
  /// context if none was given; empty when only a hosted copy could be named.
  const std::string& link() const { return link_; }

  /// Whether only the core context is in it.
  bool is_core() const { return user_terms_.empty(); }

 private:
  /// A prefix that may shorten an IRI.
  struct Prefix {
    std::string iri;
    std::string term;
  };
  std::string compact_with_prefix(std::string_view iri) const;

  Terms user_terms_;
  std::map<std::string, std::string, std::less<>> term_of_iri_;  ///< of user terms: the shortest for each IRI
  std::vector<Prefix> prefixes_;
  std::string json_;
  std::string link_;
};
using ContextPointer = std::shared_ptr<const Context>;

/// Whether a URL names the core context, of whatever version.
bool is_core_context_url(std::string_view url);

/// The text of the core context, as JSON-LD, for GET of the hosted core context. Versions "v1.3" to "v1.9"; any other
/// gives that of v1.8.
std::string core_context_json(std::string_view version = "v1.8");

/// The IRI of a core term ("temperature" is none: nullptr), e.g. "location" -> "https://uri.etsi.org/ngsi-ld/location".
const TermDefinition* find_core_term(std::string_view term);

/// The core term that means an IRI, or "".
std::string_view find_core_term_of(std::string_view iri);

/// Whether a name is a core term that is no attribute of an entity (id, type, value, observedAt ...): clause 4.5.1
/// forbids it as an attribute name.
bool is_reserved_name(std::string_view term);

}  // namespace cityloom::ngsi
