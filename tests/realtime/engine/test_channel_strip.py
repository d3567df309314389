"""The channel strip: how a parameter reaches a new value."""

import numpy as np

from realtime.engine.channel_strip import HannSmoother


def test_a_parameters_step_follows_a_smooth_curve_however_time_is_cut() -> None:
    targets = np.zeros((1, 4096), dtype=np.float32)
    targets[0, 1000:] = 1.0
    whole = HannSmoother([0.0], 882)(targets)[0]
    cut = HannSmoother([0.0], 882)
    pieces = [
        np.broadcast_to(cut(targets[:, i : i + 37])[0], targets[:, i : i + 37].shape[1])
        for i in range(0, 4096, 37)
    ]
    np.testing.assert_allclose(np.concatenate(pieces), whole, atol=1e-6)
    assert (np.diff(whole) >= -1e-6).all()
    assert np.abs(np.diff(whole, 2)).max() < 1e-5
    assert (whole[:1000] == 0.0).all()
    assert (whole[1882:] == 1.0).all()
