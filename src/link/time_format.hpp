// How a field tells time: RFC 3339, seconds or milliseconds since 1970, or a pattern in a zone.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/instant.hpp"
#include "base/result.hpp"
#include "link/fields.hpp"

namespace cityloom::link {

/// Reads instants of one declared form. Immutable; any worker may use it.
class TimeFormat {
 public:
  /// `format` is "rfc3339", "epoch_s", "epoch_ms", "epoch_us", or a pattern of %Y %m %d %H %M %S %f (fraction) %j
  /// (day of the year) %z (offset) %% and plain characters. A pattern without %z needs `zone`: "UTC", an offset such as
  /// "+09:00", or a name such as "Asia/Seoul". In a pattern hour 24 is the midnight that ends the day.
  /// Errors: invalid (unknown directive or zone, no zone).
  static base::Result<TimeFormat> make(std::string_view format, std::string_view zone);

  /// Errors: invalid: not a time of this form, or not between the years 1800 and 2500.
  base::Result<base::Instant> parse(const FieldValue& value) const;

  TimeFormat();  ///< rfc3339
  TimeFormat(const TimeFormat&) = default;
  TimeFormat& operator=(const TimeFormat&) = default;
  ~TimeFormat();

 private:
  struct Zone;
  enum class Form : uint8_t { rfc3339, epoch, pattern };
  Form form_ = Form::rfc3339;
  double microseconds_per_unit_ = 1;
  std::string pattern_;
  std::shared_ptr<const Zone> zone_;
};

}  // namespace cityloom::link
