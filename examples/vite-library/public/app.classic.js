document.body.append(PinStep.pinStep());
