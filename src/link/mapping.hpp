// The declared way from a message to changes of entities: what makes a new sensor kind need no code.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/instant.hpp"
#include "base/result.hpp"
#include "link/fields.hpp"
#include "link/time_format.hpp"
#include "link/topic.hpp"
#include "thread/change.hpp"
#include "twin/attribute.hpp"
#include "twin/term.hpp"

namespace cityloom::link {

/// Where an observed time comes from.
struct TimeRule {
  enum class Source : uint8_t {
    inherit,   ///< of an attribute: the mapping's rule, if its value comes from the message
    absent,    ///< none is stated
    received,  ///< the moment at which the message arrived
    field,
  };
  Source source = Source::inherit;
  FieldPath field;
  TimeFormat format;
};

/// How one attribute (or sub-attribute) is made. Exactly one source is set: `from`, `longitude` and `latitude`,
/// `text`, or `constant`.
struct AttributeRule {
  enum class ReadAs : uint8_t {
    as_sent,    ///< what JSON says it is
    automatic,  ///< of plain texts (tables): a number if all of it is one, else text
    number,
    text,
    boolean,
  };

  std::string name;  ///< full IRI
  twin::AttributeKind kind = twin::AttributeKind::property;

  std::optional<FieldPath> from;
  std::optional<FieldPath> longitude;
  std::optional<FieldPath> latitude;
  std::optional<FieldPath> height;
  std::optional<Template> text;
  std::optional<twin::Value> constant;

  ReadAs as = ReadAs::as_sent;
  double scale = 1;  ///< stated value = field * scale + offset, unit conversion included
  double offset = 0;
  std::string unit;               ///< UN/CEFACT common code
  std::optional<double> minimum;  ///< of the stated value; outside: this attribute is refused
  std::optional<double> maximum;
  std::vector<std::string> none;  ///< texts of fields that mean "no value"
  bool required = false;          ///< absent or none: the whole message is refused
  TimeRule observed_at;
  std::optional<Template> dataset;
  std::vector<AttributeRule> members;
};

/// One mapping. Several may look at the same message, each making entities of its own.
struct Mapping {
  std::string where;                 ///< file and line, for reasons
  std::vector<TopicPattern> topics;  ///< empty: every message
  bool is_text = false;              ///< the payload is one plain text (field "."), not JSON
  std::optional<FieldPath> each;     ///< one entity for each element of this array
  Template entity_id;
  std::vector<std::string> types;  ///< full IRIs
  std::vector<Template> scopes;
  TimeRule observed_at;
  std::vector<AttributeRule> attributes;
};

/// Why something was refused.
struct Refused {
  std::string reason;
  bool whole = true;  ///< nothing of the entity (or message) was taken; else one attribute was left out
};

/// What a message became.
struct Mapped {
  std::vector<thread::Change> changes;
  std::vector<Refused> refusals;
};

inline constexpr size_t elements_max = 10'000;             ///< of `each` in one message
inline constexpr uint32_t terms_from_payload_max = 1'000;  ///< new data set ids that one mapper may intern

/// Mappings bound to a tenant's terms. One worker at a time.
class Mapper {
 public:
  /// Interns every name that the mappings themselves state. `provided_by` is set on every attribute (empty: not).
  /// Errors: too_large (table of terms full).
  static base::Result<Mapper> bind(std::vector<Mapping> mappings, twin::TermTable& terms, std::string provided_by);

  Mapper(Mapper&&) noexcept;
  Mapper& operator=(Mapper&&) noexcept;
  ~Mapper();

  /// A payload that arrived under a topic. Whatever is wrong with it is said in `refusals`; never fails otherwise.
  Mapped map(std::string_view topic, std::string_view payload, base::Instant received_at);

  /// A message whose fields are there already: a row of a table.
  Mapped map(const Fields& fields, base::Instant received_at);

 private:
  struct Parts;
  explicit Mapper(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

/// The IRI that a short name of a mapping stands for: itself if it is one already, the core term ("location"), or the
/// name in NGSI-LD's default vocabulary.
std::string expand_name(std::string_view name);

}  // namespace cityloom::link
