// The query language of NGSI-LD read into a query tree, and written back. ETSI GS CIM 009
// clauses 4.7, 4.9, 4.10, 4.17, 4.19, 4.21.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "ngsi/aggregation.hpp"
#include "ngsi/body.hpp"
#include "ngsi/context.hpp"
#include "ngsi/linked.hpp"
#include "ngsi/represent.hpp"
#include "twin/query.hpp"

namespace cityloom::ngsi {

inline constexpr size_t query_bytes_max = 16'384;  ///< of q, type or scopeQ
inline constexpr size_t query_terms_max = 500;     ///< comparisons in one q
inline constexpr size_t query_depth_max = 32;      ///< parentheses within parentheses

/// How names in a query become terms. From a table: names that it does not hold become Term::unknown(), so that asking
/// costs no memory. Interning: for what must match things that are written later, subscriptions.
class TermOf {
 public:
  TermOf(const twin::TermTable& terms) : find_(&terms) {}
  /// Interns what is new; a full table gives Term::unknown().
  static TermOf interning(twin::TermTable& terms) {
    TermOf made(terms);
    made.intern_ = &terms;
    return made;
  }
  twin::Term operator()(std::string_view iri) const {
    if (intern_ == nullptr) return find_->find(iri);
    const auto term = intern_->intern(iri);
    return term ? *term : twin::Term::unknown();
  }
  const twin::TermTable& table() const { return *find_; }

 private:
  const twin::TermTable* find_;
  twin::TermTable* intern_ = nullptr;
};

/// The parameters of a query, decoded from the URL; nothing: not given. (An empty text was given and is an error.)
struct QueryParameters {
  std::optional<std::string> id, type, id_pattern, attrs, pick, omit, q, scope_q;
  std::optional<std::string> georel, geometry, coordinates, geoproperty;
  std::optional<std::string> csf;            ///< of context sources: checked, and nothing more as there are none
  std::optional<std::string> expand_values;  ///< names whose values in q are expanded as vocabulary
};

/// Reads all of them. A q of linked entities needs `linked` of the query to be set. Errors: invalid, with the parameter
/// (and the character's position in it) in `where`; too_complex.
base::Result<twin::Query> parse_query(const QueryParameters& parameters, const Context& context, const TermOf& terms);

/// The parts, alone.
base::Result<twin::TypeSelection> parse_type_selection(std::string_view text, const Context& context,
                                                       const TermOf& terms);
base::Result<twin::Condition> parse_condition(std::string_view q, const Context& context, const TermOf& terms,
                                              const std::vector<std::string>& expand_values = {});
base::Result<twin::GeoQuery> parse_geo_query(const QueryParameters& parameters, const Context& context,
                                             const TermOf& terms);
base::Result<std::vector<std::string>> parse_scope_query(std::string_view text);
/// A GeoJSON geometry, JSON text. Errors: invalid, too_large (over twin::positions_max).
base::Result<twin::Geometry> parse_geometry(std::string_view geojson);

/// The terms of attribute names with commas between. Errors: invalid and too_complex, with `parameter` in `where`.
base::Result<std::vector<twin::Term>> attribute_terms(std::string_view names, const Context& context,
                                                      const TermOf& terms, std::string_view parameter);
/// attrs, pick and omit as a projection. pick and attrs together, or pick and omit naming the same, are errors. pick
/// and omit may be of entities so many links away: "inCity{name}".
base::Result<Projection> parse_projection(const std::optional<std::string>& attrs,
                                          const std::optional<std::string>& pick,
                                          const std::optional<std::string>& omit, const Context& context,
                                          const TermOf& terms, unsigned links_max = 0);

/// Whether a query asks for attributes of linked entities only where a join gives them. Errors: invalid.
base::Status check_links(const twin::Query& query, const std::optional<Join>& join);

/// q written back from a tree, with the paths as they were written: `parse_condition(text_of(c))` says the same as c.
std::string text_of(const twin::Condition& condition);
/// Whether two trees say the same (patterns by their text).
bool same_condition(const twin::Condition& left, const twin::Condition& right);

/// The parameters of an order, decoded; nothing: not given.
struct OrderParameters {
  std::optional<std::string> order_by;         ///< "temperature;desc,address[city]"
  std::optional<std::string> order_direction;  ///< of keys that name none
  std::optional<std::string> collation;        ///< a language tag (BCP 47, RFC 6067): "ko", "de-u-co-phonebk"
  std::optional<std::string> order_from;       ///< coordinates, a JSON array
  std::optional<std::string> order_geometry;   ///< the geometry's type; absent: Point
};

/// The body of a query by POST (data type Query, clause 5.2.23) and what it asks of the answer.
struct QueryBody {
  std::vector<twin::Query> any_of;  ///< one per entity selector that cannot be joined with another; at least one
  Projection projection;
  std::string language;
  std::vector<std::string> dataset_ids;
  bool has_temporal = false;  ///< temporalQ was given; read it with parse_temporal_body
  OrderParameters ordering;   ///< read it with parse_ordering
  std::optional<Join> join;
  QueryParameters conditions;  ///< q, csf, scopeQ, geo-query and attrs as given; of a single selector its parts too
};
/// Reads it. Errors: as parse_query, with the JSON path in `where`.
base::Result<QueryBody> parse_query_body(const Body& body, const Context& context, const TermOf& terms);

/// timerel, timeAt, endTimeAt, timeproperty, lastN as a history query. `attributes` are set by the caller.
/// The parameters of a temporal query, decoded; nothing: not given.
struct TemporalParameters {
  std::optional<std::string> timerel, time_at, end_time_at, timeproperty, last_n;
};
/// Reads them. Errors: invalid, unsupported (deletedAt), with the parameter in `where`.
base::Result<thread::HistoryQuery> parse_temporal(const TemporalParameters& parameters);
/// temporalQ of a query by POST.
base::Result<thread::HistoryQuery> parse_temporal_body(const Body& body);
/// aggrMethods (a text with commas between, or a list) and aggrPeriodDuration of temporalQ.
base::Result<Aggregation> parse_aggregation_body(const Body& body);

}  // namespace cityloom::ngsi
