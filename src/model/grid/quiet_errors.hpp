// Keeps GDAL from printing: what goes wrong is told by our errors (room-internal).
#pragma once

#include <cpl_error.h>

namespace cityloom::model {

/// While it lives, GDAL is quiet, and knows of no error from before.
class QuietErrors {
 public:
  QuietErrors() {
    CPLPushErrorHandler(CPLQuietErrorHandler);
    CPLErrorReset();
  }
  QuietErrors(const QuietErrors&) = delete;
  QuietErrors& operator=(const QuietErrors&) = delete;
  ~QuietErrors() { CPLPopErrorHandler(); }
};

}  // namespace cityloom::model
