#include "serve/ogc/filter.hpp"

#include <algorithm>
#include <charconv>

#include "serve/ngsi/text.hpp"
#include "serve/ogc/feature_writer.hpp"
#include "twin/packed.hpp"

namespace cityloom::serve::ogc {
namespace {

using base::Code;
using base::fail;
using base::Instant;

Instant time_in(const twin::AttributeView& view) {
  std::string_view text = view.text;
  if (view.value_kind == twin::AttributeView::ValueKind::json) {
    constexpr std::string_view mark = R"("@value":")";
    const size_t at = text.find(mark);
    if (at == std::string_view::npos) return {};
    text = text.substr(at + mark.size());
    text = text.substr(0, text.find('"'));
  } else if (view.value_kind != twin::AttributeView::ValueKind::string) {
    return {};
  }
  const auto time = Instant::parse(text);
  return time.ok() ? *time : Instant();
}

base::Result<Instant> end_of(std::string_view text) {
  if (text.empty() || text == "..") return Instant();
  const auto time = Instant::parse(text);
  if (!time.ok()) {
    return fail(Code::invalid, "not a date-time, nor an interval of them", "datetime",
                "write for example datetime=2026-11-22T00:00:00Z/..");
  }
  return *time;
}

// Everything that a text in a URL can stand for.
std::vector<std::variant<twin::Literal, twin::LiteralRange>> literals_of(std::string_view text) {
  std::vector<std::variant<twin::Literal, twin::LiteralRange>> literals{twin::Literal(std::string(text))};
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc() && end == text.data() + text.size()) literals.emplace_back(twin::Literal(number));
  if (text == "true" || text == "false") literals.emplace_back(twin::Literal(text == "true"));
  if (const auto time = Instant::parse(text); time.ok()) literals.emplace_back(twin::Literal(*time));
  return literals;
}

class Properties {
 public:
  Properties(const FilterContext& context, const Collection& collection) : context_(context), collection_(collection) {}

  /// The path that a column's name means. A name with points is looked for as it is, then as members of a value.
  base::Result<twin::AttributePath> path_of(std::string_view column) {
    twin::AttributePath path;
    path.text = std::string(column);
    for (size_t end = column.size(); end != std::string_view::npos;) {
      const auto term = term_of(column.substr(0, end));
      if (!term.ok()) return term.error();
      if (*term != twin::Term::unknown()) {
        path.name = *term;
        if (end < column.size()) {
          for (const std::string_view part : ngsi_ld::split(column.substr(end + 1), '.'))
            path.json_path.emplace_back(part);
        }
        return path;
      }
      end = end == 0 ? std::string_view::npos : column.rfind('.', end - 1);
    }
    return fail(Code::invalid, "there is no parameter and no property of this name", std::string(column.substr(0, 200)),
                "check its spelling");
  }

 private:
  base::Result<twin::Term> term_of(std::string_view column) {
    if (column.empty()) return twin::Term::unknown();
    const auto names = context_.tenant.core_names;
    const twin::Term term = names->terms().find(names->context().expand(column));
    if (term != twin::Term::unknown()) return term;
    const auto summaries = context_.collections.summaries(context_.reading, context_.effort);
    if (!summaries.ok()) return summaries.error();
    if (*summaries == nullptr) return twin::Term::unknown();
    const auto of_type = (*summaries)->find(collection_.type);
    if (of_type == (*summaries)->end()) return twin::Term::unknown();
    for (const auto& [name, is_there] : of_type->second.attributes) {
      if (column_of(name, *names) == column) return name;
    }
    return twin::Term::unknown();
  }

  const FilterContext& context_;
  const Collection& collection_;
};

base::Result<std::optional<twin::Condition>> condition_of(const FilterContext& context, const Request& request,
                                                          const Collection& collection,
                                                          std::span<const std::string_view> known) {
  twin::Condition all;
  all.kind = twin::Condition::Kind::all;
  Properties properties(context, collection);
  for (const auto& [name, value] : request.query_values()) {
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    auto path = properties.path_of(name);
    if (!path.ok()) return path.error();
    twin::Condition one;
    one.comparison.path = std::move(path).value();
    one.comparison.comparator = twin::Comparator::equal;
    one.comparison.operands = literals_of(value);
    all.children.push_back(std::move(one));
  }
  if (all.children.empty()) return std::optional<twin::Condition>();
  return std::optional(std::move(all));
}

bool meets_box(const twin::EntityRecord& record, const BoxFilter& box) {
  bool meets = false;
  record.each_attribute(twin::terms::location, [&](const twin::Attribute& attribute) {
    const auto* geometry = std::get_if<twin::Geometry>(&attribute.value);
    meets = geometry != nullptr && box.meets(*geometry);
    return !meets;
  });
  return meets;
}

}  // namespace

base::Result<TimeFilter> TimeFilter::read(std::string_view text) {
  const size_t slash = text.find('/');
  const auto from = end_of(text.substr(0, slash));
  if (!from.ok()) return from.error();
  if (slash == std::string_view::npos) {
    if (from->exists()) return TimeFilter{*from, *from};
    return fail(Code::invalid, "not a date-time, nor an interval of them", "datetime");
  }
  const auto to = end_of(text.substr(slash + 1));
  if (!to.ok()) return to.error();
  if (from->exists() && to->exists() && *from > *to) {
    return fail(Code::invalid, "the interval ends before it begins", "datetime");
  }
  return TimeFilter{*from, *to};
}

bool TimeFilter::meets(const twin::EntityRecord& record, twin::Term valid_from, twin::Term valid_to) const {
  bool says = false;
  Instant begins, ends;
  twin::AttributeView view;
  for (twin::PackedAttributes all(record.attributes_bytes()); all.next(view);) {
    if (view.observed_at.exists()) {
      says = true;
      if ((!from.exists() || view.observed_at >= from) && (!to.exists() || view.observed_at <= to)) return true;
    }
    if (view.name == valid_from) begins = time_in(view);
    if (view.name == valid_to) ends = time_in(view);
  }
  if (!begins.exists() && !ends.exists()) return !says;
  return (!begins.exists() || !to.exists() || begins <= to) && (!ends.exists() || !from.exists() || ends >= from);
}

base::Result<twin::Query> query_of(const FilterContext& context, const Request& request, const Collection& collection,
                                   std::span<const std::string_view> known) {
  twin::Query query;
  query.types.any_of = {{collection.type}};
  auto condition = condition_of(context, request, collection, known);
  if (!condition.ok()) return condition.error();
  query.condition = std::move(condition).value();
  std::optional<BoxFilter> box;
  const auto box_crs = Crs::find(request.query_value("bbox-crs"), "bbox-crs");
  if (!box_crs.ok()) return box_crs.error();
  if (const auto text = request.query_value("bbox")) {
    const auto read = BoxFilter::read(*text, *box_crs);
    if (!read.ok()) return read.error();
    box = *read;
    if (auto around = box->surrounding()) {
      twin::GeoQuery geo;
      geo.relation = twin::GeoRelation::intersects;
      geo.reference = std::move(*around);
      query.geo = std::move(geo);
    }
  }
  std::optional<TimeFilter> time;
  if (const auto text = request.query_value("datetime")) {
    const auto read = TimeFilter::read(*text);
    if (!read.ok()) return read.error();
    time = *read;
  }
  const ngsi_ld::Expiry* expiry = context.tenant.expiry.get();
  if (context.reading.is_live && !expiry->may_be_due(context.now)) expiry = nullptr;
  if (!box && !time && expiry == nullptr) return query;
  const twin::TermTable& terms = context.reading.thread->terms();
  const ngsi::Context& core = context.tenant.core_names->context();
  query.also = [box, time, expiry, now = context.now, valid_from = terms.find(core.expand("validFrom")),
                valid_to = terms.find(core.expand("validTo"))](const twin::EntityRecord& record) {
    return (expiry == nullptr || !expiry->is_over(record, now)) && (!box || meets_box(record, *box)) &&
           (!time || time->meets(record, valid_from, valid_to));
  };
  return query;
}

}  // namespace cityloom::serve::ogc
