// The query tree: what NGSI-LD queries, subscriptions and (later) rules and policies ask of entities, and its
// evaluation over records.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/instant.hpp"
#include "twin/entity.hpp"
#include "twin/term.hpp"

namespace re2 {
class RE2;
}

namespace cityloom::twin {

/// Any of `any_of`, each of which asks for all of its types: "(Building;Listed),Bridge". Empty means every type.
struct TypeSelection {
  std::vector<std::vector<Term>> any_of;
  bool operator==(const TypeSelection&) const = default;
};

/// A compiled regular expression (RE2 syntax, linear time). Shared, immutable.
using Pattern = std::shared_ptr<const re2::RE2>;
/// Errors: invalid (syntax), too_complex (over 1,000 characters or 1 MiB of program).
base::Result<Pattern> make_pattern(std::string_view expression);
/// Whether the pattern is found anywhere in the text.
bool found_in(const Pattern& pattern, std::string_view text);

/// What an attribute path of q names: `name`, then sub-attributes ("a.b.c"), then members of a JSON value ("a[x.y]").
struct AttributePath {
  Term name;
  std::vector<Term> members;           ///< sub-attributes, outermost first
  std::vector<std::string> json_path;  ///< within the value; language tag for a LanguageProperty
  /// What of the attribute (or of the last member) is asked about.
  enum class About : uint8_t { value, unit, dataset } about = About::value;
  std::string text;  ///< as written, for error messages
  bool operator==(const AttributePath&) const = default;
};

enum class Comparator : uint8_t {  ///< of one comparison in q
  equal,
  not_equal,
  greater,
  greater_or_equal,
  less,
  less_or_equal,
  matches,
  not_matches
};

/// A literal of q. A date-time compares with observedAt, createdAt, modifiedAt and with string values that are one.
using Literal = std::variant<bool, double, std::string, base::Instant>;
struct LiteralRange {
  Literal from, to;  ///< both inclusive
  bool operator==(const LiteralRange&) const = default;
};

/// `path comparator operand`; several operands (equal and not_equal only) are a value list: any of them.
/// A path of `terms::created_at` or `terms::modified_at` alone is the entity's; as the last member, with
/// `terms::observed_at`, the attribute's. No comparator: the attribute must exist. Of several instances, one that
/// satisfies is enough.
struct Comparison {
  AttributePath path;
  std::optional<Comparator> comparator;
  std::vector<std::variant<Literal, LiteralRange>> operands;
  std::vector<Term> operand_terms;   ///< for a path about a unit or dataset: equal and not_equal to texts
  Pattern pattern;                   ///< for matches and not_matches
  const TermTable* terms = nullptr;  ///< for a path about a unit or dataset: whose texts they have. Outlives this
};

/// A tree of conditions: all or any of its children, one comparison, or one condition of what a relationship leads to.
struct Condition {
  enum class Kind : uint8_t { comparison, all, any, linked };  ///< of a node
  Kind kind = Kind::comparison;
  Comparison comparison;            ///< of `linked`: its path is the relationship's name alone
  std::vector<Condition> children;  ///< of `linked`: one, which an entity that it leads to satisfies
  TypeSelection types;              ///< of `linked`: any of them; empty: any entity
  std::string types_text;           ///< as written
};

/// Looks up the entities that relationships lead to, for one query. Not for several workers at once.
struct Linked {
  /// The entity of an id, or a record that does not exist where it is not to be seen.
  std::function<base::Result<EntityRecord>(std::string_view id)> find;
  size_t left = 200'000;  ///< entities that may still be looked up
  base::Status status;    ///< what kept the query from being answered: errors of `find`, too_complex
};

enum class GeoRelation : uint8_t { near, within, contains, intersects, equals, disjoint, overlaps };  ///< as georel

/// A geo-query on one GeoProperty. near: from distance_min_m to distance_max_m (either absent) between the nearest
/// points of both geometries, on the sphere of mean Earth radius.
struct GeoQuery {
  GeoRelation relation = GeoRelation::near;
  Geometry reference;
  std::optional<double> distance_min_m;
  std::optional<double> distance_max_m;
  Term property = terms::location;
};

/// What is asked for. Every part that is present must hold. `attributes`: at least one of them exists.
struct Query {
  std::vector<std::string> ids;  ///< any of these; empty: any id
  Pattern id_pattern;            ///< or nullptr
  TypeSelection types;
  std::vector<Term> attributes;
  std::optional<Condition> condition;
  std::optional<GeoQuery> geo;
  std::vector<std::string> scopes;  ///< any of these scope expressions ("/Korea/Seoul/#", "/+/Seoul"); ';' inside: all
  std::function<bool(const EntityRecord&)> also = nullptr;  ///< asked last, of what satisfies the rest
  std::shared_ptr<Linked> linked = nullptr;                 ///< needed where the condition is of linked entities
};

/// A query made ready to be asked of many records: the reference geometry is indexed once. Immutable; any worker.
class Matcher {
 public:
  explicit Matcher(Query query);
  ~Matcher();
  Matcher(Matcher&&) noexcept;
  Matcher& operator=(Matcher&&) noexcept;

  /// Whether the record satisfies every part. Cost: tens of nanoseconds a comparison; a microsecond and more a
  /// geometry.
  bool operator()(const EntityRecord& record) const;

  /// The parts alone.
  bool geo(const EntityRecord& record) const;
  bool related(const Geometry& geometry) const;
  /// Between the nearest points of a geometry and the reference, whatever the relation. Needs `query().geo`.
  double distance_m(const Geometry& geometry) const;

  const Query& query() const { return query_; }

 private:
  struct Reference;
  Query query_;
  std::unique_ptr<Reference> reference_;
};

/// The parts of Matcher that need no preparation.
bool satisfies(const EntityRecord& record, const TypeSelection& types);
bool satisfies(const EntityRecord& record, const Condition& condition, Linked* linked = nullptr);
/// How many links away a condition asks: 0 where it is of the entity alone.
unsigned links_of(const Condition& condition);
/// "/Korea/Seoul" is itself, "/Korea/+" any one level, "/Korea/#" it and all below; ';' between: all of them.
bool satisfies_scope(const std::vector<std::string>& scopes, std::string_view expression);

}  // namespace cityloom::twin
